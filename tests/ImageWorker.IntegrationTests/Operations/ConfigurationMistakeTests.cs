using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Operations;

public sealed class ConfigurationMistakeTests
{
    private const string Password = "hunter2secret";
    private const string RabbitMq = $"amqp://worker:{Password}@127.0.0.1:1/";
    private const string Postgres = $"Host=127.0.0.1;Port=1;Database=x;Username=worker;Password={Password}";

    [Theory]
    [InlineData("ConnectionStrings__Postgres", null, "ConnectionStrings:Postgres")]
    [InlineData("ConnectionStrings__RabbitMq", null, "ConnectionStrings:RabbitMq")]
    [InlineData("ConnectionStrings__RabbitMq", $"http://worker:{Password}@127.0.0.1", "ConnectionStrings:RabbitMq")]
    [InlineData("ConnectionStrings__Postgres", $"Passwort={Password}", "ConnectionStrings:Postgres")]
    [InlineData("Zpk__ApiKey", null, "Zpk:ApiKey")]
    [InlineData("Zpk__ApplicationId", null, "Zpk:ApplicationId")]
    [InlineData("Zpk__BaseAddress", "http://zpk.systems", "Zpk:BaseAddress")]
    [InlineData("Zpk__BaseAddress", "zpk", "Zpk:BaseAddress")]
    [InlineData("Zpk__Prices__0__Price", "1", "Zpk:Prices:0 is no setting. Zpk:Prices has Images, UniqueGuard.")]
    [InlineData("Zpk__Prices__Images__zpk-ultra.hq.1024x1024", "much", "1024x1024) must be a number such as 0.5")]
    [InlineData("Requests__MaxResends", "999", "Requests:MaxResends (Requests__MaxResends) must be 0 to 20, not 999")]
    [InlineData("Requests__MaxResends", "three", "(Requests__MaxResends) must be a whole number, not 'three'")]
    [InlineData("Requests__MaxResend", "1", "Requests:MaxResend is no setting. Requests has MaxResends, ")]
    [InlineData(
        "Zpk__GenerateTimeout",
        "00:02:00",
        "Requests:ClosingGrace (Requests__ClosingGrace) must be longer than"
    )]
    [InlineData("Submission__PerSecond", "0", "(Submission__PerSecond) must be 0.001 to 10000, not 0")]
    [InlineData("Delivery__Lease", "30", "(Delivery__Lease) must be 00:00:01 to 01:00:00, not 30.00:00:00")]
    [InlineData("Delivery__Lease", "30s", "(Delivery__Lease) must be a time such as 00:00:30, not '30s'")]
    [InlineData("Queues__Prefix", "a b", "Queues:Prefix (Queues__Prefix) takes only letters, digits")]
    [InlineData("Tenants__ACME__AtOnce", "1", "Tenants:ACME (Tenants__ACME) is no tenant's name: 1 to 64 lower-case")]
    [InlineData("Tenants__acme__AtOnce", "0", "Tenants:acme:AtOnce (Tenants__acme__AtOnce) must be 1 to 100000, not 0")]
    [InlineData("SecretsFolder", "/nowhere", "SecretsFolder is '/nowhere'")]
    [InlineData("Operations__Key", "short", "Operations:Key (Operations__Key) must have at least 16 characters")]
    [InlineData("Operations__ViewKey", "short", "Operations:ViewKey (Operations__ViewKey) must have at least 16 char")]
    [InlineData("Operations__ViewKeyFile", "/nowhere", "Operations:ViewKeyFile must be a readable file that holds")]
    [InlineData("ASPNETCORE_URLS", "foo", "ASPNETCORE_URLS (urls) must be addresses such as http://127.0.0.1:8080")]
    [InlineData(
        "ASPNETCORE_URLS",
        $"http://u:{Password}@127.0.0.1:19213x",
        "such as http://127.0.0.1:8080, with ';' between"
    )]
    [InlineData(
        "ASPNETCORE_URLS",
        "http://127.0.0.1:0;http://localhots:8080",
        "not 'http://localhots:8080'. The host is an IP"
    )]
    [InlineData("Kestrel__Endpoints__Http__Url", "http://127.0.0.1:8080x", "Kestrel:Endpoints:Http:Url (Kestrel__End")]
    [InlineData("Logging__LogLevel__Default", "Loud", "(Logging__LogLevel__Default) must be Trace, Debug,")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317", "OTEL_EXPORTER_OTLP_ENDPOINT")]
    public async Task A_mistake_stops_the_start_with_one_line_that_names_the_key(
        string setting,
        string? value,
        string named
    )
    {
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["ConnectionStrings__RabbitMq"] = RabbitMq,
            ["ConnectionStrings__Postgres"] = Postgres,
            ["Zpk__ApplicationId"] = "tests",
            ["Zpk__ApiKey"] = Password,
            [setting] = value,
        };

        await using var worker = WorkerProgram.StartWorker(settings);

        Assert.Equal(2, await worker.Process.WaitForExitAsync());
        Assert.Contains(named, Assert.Single(worker.Process.ErrorLines), StringComparison.Ordinal);
        Assert.Empty(worker.Process.OutputLines);
        Assert.DoesNotContain(worker.Process.Lines, line => line.Contains(Password, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_address_in_use_is_named()
    {
        await using var zpk = await WorkerUnderTest.StartZpkAsync();
        using var folder = new EmptyFolder();
        await using var worker = WorkerProgram.Start(
            ["run"],
            [.. WorkerUnderTest.QuickSettings(zpk), new("ASPNETCORE_URLS", $"{zpk.BaseAddress}")],
            folder.FullName
        );

        Assert.Equal(2, await worker.WaitForExitAsync());
        Assert.Contains(
            $":{zpk.BaseAddress.Port}: address already in use. Set ASPNETCORE_URLS",
            Assert.Single(worker.ErrorLines),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task No_credentials_at_all_are_one_line()
    {
        await using var worker = WorkerProgram.StartWorker([
            new("ConnectionStrings__RabbitMq", RabbitMq),
            new("ConnectionStrings__Postgres", Postgres),
        ]);

        Assert.Equal(2, await worker.Process.WaitForExitAsync());
        Assert.Contains(
            "Zpk:ApplicationId (Zpk__ApplicationId) and Zpk:ApiKey (Zpk__ApiKey)",
            Assert.Single(worker.Process.ErrorLines),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("Queues__Prefix", "a b", "Queues:Prefix", "send", "a red fox")]
    [InlineData("Queues__Prefix", "a b", "Queues:Prefix", "queues", "list")]
    [InlineData("Logging__LogLevel__Default", "Loud", "Logging:LogLevel:Default", "send", "a red fox")]
    public async Task Commands_refuse_the_same_mistakes(
        string setting,
        string value,
        string named,
        params string[] arguments
    )
    {
        await using var command = WorkerProgram.Start(
            arguments,
            [new("ConnectionStrings__RabbitMq", RabbitMq), new(setting, value)]
        );

        Assert.Equal(2, await command.WaitForExitAsync());
        Assert.Contains(named, Assert.Single(command.ErrorLines), StringComparison.Ordinal);
        Assert.Empty(command.OutputLines);
    }

    [Theory]
    [InlineData("rnu")]
    [InlineData("run", "--bogus")]
    [InlineData("run", "--Requests:MaxResends")]
    [InlineData("run", "fast")]
    [InlineData("migrate", "now")]
    public async Task A_mistyped_command_is_named(params string[] arguments)
    {
        await using var worker = WorkerProgram.Start(arguments, []);

        Assert.Equal(2, await worker.WaitForExitAsync());
        Assert.Contains($"'{arguments[^1]}'", Assert.Single(worker.ErrorLines), StringComparison.Ordinal);
    }
}
