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
    [InlineData("Requests__MaxResends", "999", "MaxResends")]
    [InlineData("Requests__MaxResends", "three", "Requests:MaxResends")]
    [InlineData("Requests__MaxResend", "1", "Requests:MaxResend is no setting")]
    [InlineData("Delivery__Lease", "00:00:00", "Lease")]
    [InlineData("Queues__Prefix", "a b", "Prefix")]
    [InlineData("SecretsFolder", "/nowhere", "SecretsFolder is '/nowhere'")]
    [InlineData("Retention__Requests", "00:00:01", "Requests")]
    [InlineData("ASPNETCORE_URLS", "foo", "ASPNETCORE_URLS: Invalid url: 'foo'")]
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

    [Theory]
    [InlineData("rnu")]
    [InlineData("run", "fast")]
    [InlineData("migrate", "now")]
    public async Task A_mistyped_command_is_named(params string[] arguments)
    {
        await using var worker = WorkerProgram.Start(arguments, []);

        Assert.Equal(2, await worker.WaitForExitAsync());
        Assert.Contains($"'{arguments[^1]}'", Assert.Single(worker.ErrorLines), StringComparison.Ordinal);
    }
}
