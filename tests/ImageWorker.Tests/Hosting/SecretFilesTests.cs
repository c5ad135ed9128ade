using ImageWorker.Hosting;
using Microsoft.Extensions.Configuration;

namespace ImageWorker.Tests.Hosting;

public sealed class SecretFilesTests : IDisposable
{
    private const string Postgres = "Host=db;Database=imageworker;Username=worker;Password=p";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("imageworker-secrets-");

    [Fact]
    public void A_file_is_a_setting_and_wins_over_the_same_key_elsewhere()
    {
        Write("ConnectionStrings__Postgres", Postgres + "\n");
        Write("ConnectionStrings__RabbitMq", "amqp://worker:p@rabbitmq/");

        var connections = Connections.From(Read(_folder.FullName));

        Assert.Equal(Postgres, connections.Postgres);
        Assert.Equal("amqp://worker:p@rabbitmq/", connections.RabbitMq);
    }

    [Fact]
    public void A_folder_that_is_not_there_is_a_mistake_that_names_the_key()
    {
        var mistake = Assert.Throws<ConfigurationException>(() => Read(Path.Combine(_folder.FullName, "gone")));

        Assert.StartsWith(SecretFiles.Key, mistake.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Mounted_secrets_hold_their_files_through_links_and_hidden_folders()
    {
        // As Kubernetes lays a secret out, so that it can swap all of it at once.
        var version = _folder.CreateSubdirectory("..2026_11_22");
        File.WriteAllText(Path.Combine(version.FullName, "ConnectionStrings__Postgres"), Postgres);
        File.CreateSymbolicLink(Path.Combine(_folder.FullName, "..data"), "..2026_11_22");
        File.CreateSymbolicLink(
            Path.Combine(_folder.FullName, "ConnectionStrings__Postgres"),
            "..data/ConnectionStrings__Postgres"
        );

        var configuration = Read(_folder.FullName);

        Assert.Equal(Postgres, configuration.GetConnectionString("Postgres"));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private void Write(string key, string value) => File.WriteAllText(Path.Combine(_folder.FullName, key), value);

    private static ConfigurationManager Read(string secrets)
    {
        var configuration = new ConfigurationManager
        {
            [SecretFiles.Key] = secrets,
            ["ConnectionStrings:Postgres"] = "Host=elsewhere",
        };
        configuration.AddSecretFiles();
        return configuration;
    }
}
