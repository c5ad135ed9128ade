using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using static ImageWorker.Tests.Deploy.DeployFiles;

namespace ImageWorker.Tests.Deploy;

public sealed partial class ComposeTests
{
    private static readonly JsonNode File = Yaml("docker-compose.yml");
    private static readonly JsonObject Services = File["services"]!.AsObject();

    public static TheoryData<string> Names { get; } = [.. Services.Select(service => service.Key)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_service_has_only_keys_that_Compose_knows(string name)
    {
        string[] known =
        [
            "build",
            "cap_drop",
            "command",
            "depends_on",
            "deploy",
            "environment",
            "healthcheck",
            "hostname",
            "image",
            "logging",
            "ports",
            "profiles",
            "read_only",
            "restart",
            "secrets",
            "security_opt",
            "shm_size",
            "stop_grace_period",
            "tmpfs",
            "volumes",
        ];

        Assert.Subset(
            known.ToHashSet(StringComparer.Ordinal),
            Services[name]!.AsObject().Select(key => key.Key).ToHashSet(StringComparer.Ordinal)
        );
        Assert.Subset(
            new HashSet<string>(
                ["test", "interval", "timeout", "retries", "start_period", "disable"],
                StringComparer.Ordinal
            ),
            (Services[name]!["healthcheck"]?.AsObject() ?? []).Select(key => key.Key).ToHashSet(StringComparer.Ordinal)
        );
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void An_image_is_built_here_or_pinned_to_a_version(string name)
    {
        var image = Text(Services[name]!["image"]);
        var builtHere = Services.Where(s => s.Value!["build"] is not null).Select(s => Text(s.Value!["image"]));

        if (!builtHere.Contains(image, StringComparer.Ordinal))
            Assert.Matches(@":v?\d+\.\d+(\.\d+)?(-[a-z]+)?(@sha256:[0-9a-f]{64})?$", image);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Ports_are_open_on_this_machine_alone(string name) =>
        Assert.All(
            Texts(Services[name]!["ports"]),
            port => Assert.StartsWith("127.0.0.1:", port, StringComparison.Ordinal)
        );

    [Theory]
    [MemberData(nameof(Names))]
    public void A_service_that_runs_on_has_a_health_check_and_bounded_logs(string name)
    {
        var service = Services[name]!;

        Assert.NotNull(service["logging"]!["options"]!["max-size"]);
        if (Text(service["restart"]) == "no")
            return;
        // The images that are built here bring their own.
        Assert.True(
            service["healthcheck"]?["test"] is not null
                || Text(service["image"]).StartsWith("imageworker", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void No_password_stands_in_the_file()
    {
        var secrets = Services
            .SelectMany(service => service.Value!["environment"]?.AsObject() ?? [])
            .Where(setting =>
                SecretName().IsMatch(setting.Key) || Text(setting.Value).Contains("assword=", StringComparison.Ordinal)
            )
            .Where(setting => !setting.Key.EndsWith("File", StringComparison.Ordinal))
            // The simulator takes any.
            .Where(setting => (setting.Key, Text(setting.Value)) != ("Zpk__ApiKey", "simulator"))
            .ToList();

        Assert.True(secrets.Count >= 8);
        Assert.All(
            secrets,
            setting => Assert.Matches(@"(^|[:=])\$\{[A-Z_]+(:\?[^}]+)?\}(@rabbitmq:5672/)?$", Text(setting.Value))
        );
    }

    [Fact]
    public void Every_variable_is_in_the_example_and_a_password_that_is_not_set_is_told_by_name()
    {
        var example = Assignments(".env.example");
        var used = Variable().Matches(Read("docker-compose.yml"));

        Assert.Equal(
            example.Keys.Except(["COMPOSE_PROFILES"], StringComparer.Ordinal).Order(StringComparer.Ordinal),
            used.Select(variable => variable.Groups["name"].Value)
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal)
        );
        Assert.All(
            example.Keys.Where(name => SecretName().IsMatch(name)),
            name => Assert.Contains($"${{{name}:?", Read("docker-compose.yml"), StringComparison.Ordinal)
        );
        Assert.All(example, setting => Assert.True(setting.Key is "COMPOSE_PROFILES" || setting.Value.Length == 0));
    }

    [Fact]
    public void Only_one_of_the_two_workers_runs_and_the_example_pays_nothing()
    {
        Assert.Equal(["simulator"], Texts(Services["worker"]!["profiles"]));
        Assert.Equal(["zpk"], Texts(Services["worker-zpk"]!["profiles"]));
        Assert.Equal("simulator", Assignments(".env.example")["COMPOSE_PROFILES"]);
        Assert.Null(Services["worker-zpk"]!["environment"]!["Zpk__BaseAddress"]);
    }

    [Theory]
    [InlineData("worker")]
    [InlineData("worker-zpk")]
    public void Workers_start_in_two_replicas_after_the_migration_and_may_write_nowhere(string name)
    {
        var worker = Services[name]!;

        Assert.Equal("service_completed_successfully", Text(worker["depends_on"]!["migrate"]!["condition"]));
        Assert.Equal("2", Text(worker["deploy"]!["replicas"]));
        Assert.Equal("true", Text(worker["read_only"]));
        Assert.Equal(["ALL"], Texts(worker["cap_drop"]));
    }

    [Fact]
    public void What_is_referred_to_is_there()
    {
        var volumes = File["volumes"]!.AsObject().Select(volume => volume.Key).ToList();
        var secrets = File["secrets"]!.AsObject().Select(secret => secret.Key).ToList();
        foreach (var (_, service) in Services)
        {
            Assert.All(Texts(service!["secrets"]), secret => Assert.Contains(secret, secrets, StringComparer.Ordinal));
            foreach (var volume in Texts(service["volumes"]).Select(volume => volume.Split(':')[0]))
                Assert.True(
                    volume[0] == '.' ? Path.Exists(At(volume)) : volumes.Contains(volume, StringComparer.Ordinal),
                    volume
                );
            var needed = service["depends_on"] is JsonObject conditions
                ? conditions.Select(condition => condition.Key)
                : Texts(service["depends_on"]);
            Assert.All(needed, other => Assert.True(Services.ContainsKey(other), other));
            if (service["build"] is { } build)
                Assert.Matches($"(?m)^FROM .+ AS {Text(build["target"])}$", Read(Text(build["dockerfile"])));
        }
    }

    [Fact]
    public void Prometheus_finds_every_worker_and_the_broker()
    {
        var jobs = Yaml("deploy/monitoring/prometheus.yml")["scrape_configs"]!
            .AsArray()
            .ToDictionary(job => Text(job!["job_name"]), job => job!, StringComparer.Ordinal);

        Assert.Equal(
            Services.Select(service => service.Key).Where(name => name.StartsWith("worker", StringComparison.Ordinal)),
            Texts(jobs["imageworker"]["dns_sd_configs"]![0]!["names"]),
            StringComparer.Ordinal
        );
        Assert.Equal("8080", Text(jobs["imageworker"]["dns_sd_configs"]![0]!["port"]));
        Assert.Equal("rabbitmq:15692", Text(jobs["rabbitmq"]["static_configs"]![0]!["targets"]![0]));
        Assert.Equal("/metrics/per-object", Text(jobs["rabbitmq-queues"]["metrics_path"]));
    }

    [GeneratedRegex("(?i)(password|pass|key)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex SecretName();

    [GeneratedRegex(@"\$\{(?<name>[A-Z_]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Variable();
}
