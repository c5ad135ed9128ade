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
            "env_file",
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
                // It has nothing to ask with.
                || name == "aspire"
                || Text(service["image"]).StartsWith("imageworker", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void No_password_stands_in_the_file()
    {
        var secrets = Services
            .SelectMany(service => service.Value!["environment"]?.AsObject() ?? [])
            .Where(setting =>
                SecretName().IsMatch(setting.Key)
                || setting.Key.StartsWith("ConnectionStrings__", StringComparison.Ordinal)
            )
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
            example.Keys.Order(StringComparer.Ordinal),
            used.Select(variable => variable.Groups["name"].Value)
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal)
        );
        Assert.All(
            example.Keys.Where(name => SecretName().IsMatch(name)),
            name => Assert.Contains($"${{{name}:?", Read("docker-compose.yml"), StringComparison.Ordinal)
        );
        Assert.All(example, setting => Assert.Equal(SecretName().IsMatch(setting.Key), setting.Value.Length == 0));
    }

    [Fact]
    public void One_setting_says_whom_all_workers_talk_to_and_the_example_pays_nothing()
    {
        var environment = Services["worker"]!["environment"]!.AsObject().Select(setting => setting.Key).ToList();

        Assert.Equal("deploy/compose/${ZPK:-simulator}.env", Texts(Services["worker"]!["env_file"])[0]);
        Assert.Equal("simulator", Assignments(".env.example")["ZPK"]);
        Assert.Equal("http://simulator:5080", Assignments("deploy/compose/simulator.env")["Zpk__BaseAddress"]);
        // What the environment says would hold for both.
        Assert.DoesNotContain("Zpk__BaseAddress", environment, StringComparer.Ordinal);
        Assert.DoesNotContain("Zpk__AllowInsecure", environment, StringComparer.Ordinal);
        Assert.StartsWith(
            "https://",
            Assignments("deploy/compose/zpk.env")["Zpk__BaseAddress"],
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("Zpk__AllowInsecure", Assignments("deploy/compose/zpk.env").Keys, StringComparer.Ordinal);
        Assert.Single(Services, service => service.Value!["env_file"] is not null);
    }

    [Fact]
    public void Workers_start_after_the_migration_may_write_nowhere_and_do_not_change_tables()
    {
        var worker = Services["worker"]!;

        Assert.Equal("service_completed_successfully", Text(worker["depends_on"]!["migrate"]!["condition"]));
        Assert.Equal("${WORKERS:-2}", Text(worker["deploy"]!["replicas"]));
        Assert.Equal("2", Assignments(".env.example")["WORKERS"]);
        Assert.Equal("true", Text(worker["read_only"]));
        Assert.Equal(["ALL"], Texts(worker["cap_drop"]));
        Assert.Contains("Username=imageworker_worker;", Connection("worker"), StringComparison.Ordinal);
        Assert.Contains("Username=imageworker;", Connection("migrate"), StringComparison.Ordinal);
        Assert.Contains(
            "CREATE ROLE imageworker_worker ",
            Read("deploy/postgres/worker-role.sql"),
            StringComparison.Ordinal
        );

        static string Connection(string service) =>
            Text(Services[service]!["environment"]!["ConnectionStrings__Postgres"]);
    }

    [Theory]
    [InlineData("jaeger")]
    [InlineData("aspire")]
    public void A_profile_says_where_telemetry_goes_and_brings_who_takes_it(string profile)
    {
        var telemetry = Assignments($"deploy/compose/{profile}.env");

        Assert.Equal("deploy/compose/${COMPOSE_PROFILES:-jaeger}.env", Texts(Services["worker"]!["env_file"])[1]);
        Assert.Equal(profile, new Uri(telemetry["OTEL_EXPORTER_OTLP_ENDPOINT"]).Host);
        Assert.Equal([profile], Texts(Services[profile]!["profiles"]));
        Assert.DoesNotContain(
            Services["worker"]!["environment"]!.AsObject(),
            setting => telemetry.ContainsKey(setting.Key)
        );
        // Jaeger takes traces alone.
        Assert.Equal(profile == "jaeger", telemetry.ContainsKey("OTEL_METRICS_EXPORTER"));
    }

    [Fact]
    public void A_key_that_is_replaced_reaches_the_worker()
    {
        var mount = Assert.Single(Texts(Services["worker"]!["volumes"])).Split(':');

        // A mounted file stays the old one when another takes its name.
        Assert.Equal("./.secrets/zpk", mount[0]);
        Assert.Equal($"{mount[1]}/api-key", Text(Services["worker"]!["environment"]!["Zpk__ApiKeyFile"]));
    }

    [Fact]
    public void All_workers_have_one_port_and_pictures_an_address_of_this_machine()
    {
        Assert.Null(Services["worker"]!["ports"]);
        Assert.Equal("127.0.0.1:8080:8080", Assert.Single(Texts(Services["gateway"]!["ports"])));
        Assert.Contains(
            "set $workers http://worker:8080;",
            Read("deploy/compose/gateway.conf"),
            StringComparison.Ordinal
        );
        var simulator = Services["simulator"]!;
        var pictures = new Uri(Text(simulator["environment"]!["ZPKSIM_PublicAddress"]));
        Assert.Equal($"{pictures.Host}:{pictures.Port}:5080", Assert.Single(Texts(simulator["ports"])));
    }

    [Fact]
    public void Prometheus_tells_Alertmanager_and_Alertmanager_a_receiver()
    {
        var told = Yaml("deploy/monitoring/prometheus.yml")["alerting"]!["alertmanagers"]![0]!["static_configs"]![0]!;
        var configuration = Yaml("deploy/monitoring/alertmanager.yml");
        var receiver = configuration["receivers"]!
            .AsArray()
            .Single(r => Text(r!["name"]) == Text(configuration["route"]!["receiver"]))!;

        Assert.Equal(["alertmanager:9093"], Texts(told["targets"]));
        Assert.Equal("/run/alerts/webhook-url", Text(receiver["webhook_configs"]![0]!["url_file"]));
        Assert.Contains(
            "./.secrets/alerts:/run/alerts:ro",
            Texts(Services["alertmanager"]!["volumes"]),
            StringComparer.Ordinal
        );
        Assert.Equal(
            Directory
                .EnumerateFiles(At("deploy/monitoring"), "*.rules.yml")
                .Select(Path.GetFileName)
                .Order(StringComparer.Ordinal),
            Texts(Yaml("deploy/monitoring/prometheus.yml")["rule_files"]).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void What_is_referred_to_is_there()
    {
        var volumes = File["volumes"]!.AsObject().Select(volume => volume.Key).ToList();
        var secrets = File["secrets"]!.AsObject().Select(secret => secret.Key).ToList();
        foreach (var (_, service) in Services)
        {
            Assert.All(Texts(service!["secrets"]), secret => Assert.Contains(secret, secrets, StringComparer.Ordinal));
            // deploy/new-env.sh makes .secrets.
            foreach (
                var volume in Texts(service["volumes"])
                    .Select(volume => volume.Split(':')[0])
                    .Where(volume => !volume.StartsWith("./.secrets/", StringComparison.Ordinal))
            )
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

        Assert.Equal(["worker"], Texts(jobs["imageworker"]["dns_sd_configs"]![0]!["names"]));
        Assert.Equal("8080", Text(jobs["imageworker"]["dns_sd_configs"]![0]!["port"]));
        Assert.Equal("rabbitmq:15692", Text(jobs["rabbitmq"]["static_configs"]![0]!["targets"]![0]));
        Assert.Equal("/metrics/per-object", Text(jobs["rabbitmq-queues"]["metrics_path"]));
    }

    [GeneratedRegex("(?i)(password|pass|key)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex SecretName();

    [GeneratedRegex(@"\$\{(?<name>[A-Z_]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Variable();
}
