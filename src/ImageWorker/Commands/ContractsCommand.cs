using System.CommandLine;
using ImageWorker.Hosting;
using ImageWorker.Operations;

namespace ImageWorker.Commands;

/// <summary><c>ImageWorker contracts</c>: the messages as AsyncAPI and JSON Schema.</summary>
public static class ContractsCommand
{
    public static Command Create()
    {
        var output = new Option<DirectoryInfo?>("--output")
        {
            Description = "Write asyncapi.json and a JSON Schema of each message into this folder.",
            HelpName = "folder",
        };
        var command = new Command("contracts", "Print the messages as an AsyncAPI document.") { output };
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction((parsed, ct) => RunAsync(parsed, parsed.GetValue(output), ct));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, DirectoryInfo? folder, CancellationToken ct)
    {
        var builder = CommandHost.Create(HostSettings.From(parsed));
        builder.Services.AddQueueNames();
        builder.Services.AddSingleton<ContractDocuments>();
        using var host = builder.Build();
        var asyncApi = host.Services.GetRequiredService<ContractDocuments>().AsyncApi();
        if (folder is null)
        {
            await Console.Out.WriteAsync(asyncApi.AsMemory(), ct);
            return CommandLine.Done;
        }
        folder.Create();
        await WriteAsync("asyncapi.json", asyncApi);
        foreach (var message in ContractDocuments.Messages)
            await WriteAsync($"{message}.schema.json", ContractDocuments.Schema(message)!);
        return CommandLine.Done;

        Task WriteAsync(string name, string text) =>
            File.WriteAllTextAsync(Path.Combine(folder.FullName, name), text, ct);
    }
}
