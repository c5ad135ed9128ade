using System.Reflection;
using ImageWorker.Contracts;
using ImageWorker.Tests.Deploy;
using ImageWorker.Zpk;
using PublicApiGenerator;

namespace ImageWorker.Tests.Layout;

/// <summary>What the packages offer is what their files say. A change there is seen in a review, and is a choice.</summary>
public sealed class PublicApiTests
{
    [Fact]
    public void The_contracts_offer_what_their_file_says() => Compare(typeof(GenerateImages).Assembly);

    [Fact]
    public void The_ZPK_client_offers_what_its_file_says() => Compare(typeof(ZpkImagesClient).Assembly);

    private static void Compare(Assembly assembly)
    {
        var file = $"src/{assembly.GetName().Name}/PublicApi.txt";
        var offered =
            assembly.GeneratePublicApi(new() { IncludeAssemblyAttributes = false }).ReplaceLineEndings("\n").Trim()
            + "\n";
        // To be copied, once the change is meant.
        var made = Path.Combine(AppContext.BaseDirectory, $"{assembly.GetName().Name}.PublicApi.txt");
        File.WriteAllText(made, offered);

        var said = File.Exists(DeployFiles.At(file)) ? File.ReadAllText(DeployFiles.At(file)) : "";
        Assert.True(said == offered, $"{file} says something else. If the change is meant: cp {made} {file}");
    }
}
