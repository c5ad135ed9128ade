using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ImageWorker.Commands;
using ImageWorker.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using static ImageWorker.Tests.Deploy.DeployFiles;

namespace ImageWorker.Tests.Deploy;

/// <summary>A worker refuses settings that it does not know; here it reads those of every way to run it.</summary>
public sealed partial class SettingsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("imageworker-settings-");

    [Theory]
    [InlineData("simulator", "jaeger")]
    [InlineData("zpk", "aspire")]
    public void The_worker_takes_the_settings_of_the_compose_file(string zpk, string profile)
    {
        var settings = Yaml("docker-compose.yml")["services"]!["worker"]!["environment"]!
            .AsObject()
            .ToDictionary(
                setting => setting.Key,
                setting => Variable().Replace(setting.Value!.ToString(), "0123456789abcdef"),
                StringComparer.Ordinal
            );
        foreach (
            var (key, value) in new[] { zpk, profile }.SelectMany(file => Assignments($"deploy/compose/{file}.env"))
        )
            settings.Add(key, value);

        AssertTaken(settings);
    }

    [Fact]
    public void The_worker_takes_the_settings_of_the_Kubernetes_base_and_example()
    {
        var settings = Assignments("deploy/kubernetes/base/settings.env");
        var overlay = Yaml("deploy/kubernetes/example/kustomization.yaml")["configMapGenerator"]![0]!;
        foreach (var literal in overlay["literals"]!.AsArray().Select(literal => literal!.ToString().Split('=', 2)))
            settings[literal[0]] = literal[1];
        var secret = Yaml("deploy/kubernetes/base/secret.example.yaml")["stringData"]!.AsObject();

        AssertTaken(settings, secret);
    }

    [Fact]
    public void The_worker_takes_the_settings_of_the_systemd_unit()
    {
        var lines = Read("deploy/systemd/imageworker.service").Split('\n');
        var settings = Values("Environment=", '=')
            .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        var credentials = Values("LoadCredential=", ':').Select(pair => pair[0]).ToList();
        var example = Yaml("deploy/kubernetes/base/secret.example.yaml")["stringData"]!;
        var secret = new JsonObject(
            credentials.Select(name => KeyValuePair.Create(name, (JsonNode?)(example[name]?.ToString() ?? "KEY")))
        );

        AssertTaken(settings, secret);

        IEnumerable<string[]> Values(string key, char separator) =>
            lines
                .Where(line => line.StartsWith(key, StringComparison.Ordinal))
                .Select(line => line[key.Length..].Split(separator, 2));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>As the worker does at its start: connections, then all options, each with its unknown keys refused.</summary>
    private void AssertTaken(Dictionary<string, string> settings, JsonObject? secret = null)
    {
        Assert.All(settings.Keys.Concat((secret ?? []).Select(file => file.Key)), AssertKnown);
        foreach (var (name, value) in secret ?? [])
            File.WriteAllText(Path.Combine(_folder.FullName, name), value!.ToString());
        // What is mounted there is not on this machine.
        File.WriteAllText(Path.Combine(_folder.FullName, "file"), "0123456789abcdef");
        var configuration = new ConfigurationManager();
        configuration.AddInMemoryCollection(
            settings.Select(setting =>
                KeyValuePair.Create(setting.Key.Replace("__", ":", StringComparison.Ordinal), (string?)Mounted(setting))
            )
        );
        configuration.AddSecretFiles();

        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(configuration);
        services.AddLogging();
        services.AddImageWorker(Connections.From(configuration));
        using var provider = services.BuildServiceProvider();
        provider.GetRequiredService<IStartupValidator>().Validate();
    }

    private string Mounted(KeyValuePair<string, string> setting) =>
        setting.Key switch
        {
            SecretFiles.Key => _folder.FullName,
            _ when setting.Key.EndsWith("File", StringComparison.Ordinal) => Path.Combine(_folder.FullName, "file"),
            _ => setting.Value,
        };

    private static void AssertKnown(string key)
    {
        // Files that other settings name.
        if (key is "zpk-api-key" or "operations-key")
            return;
        string[] others = ["OTEL_", "DOTNET_", "Operations__"];
        Assert.True(
            others.Any(prefix => key.StartsWith(prefix, StringComparison.Ordinal))
                || Read("docs/configuration.md").Contains($"| `{key}`", StringComparison.Ordinal),
            $"{key} is not on the configuration page"
        );
    }

    [GeneratedRegex(@"\$\{[^}]+\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Variable();
}
