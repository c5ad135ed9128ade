using System.Text.Json;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Commands;

/// <summary><c>amqps</c> on any port is TLS with a certificate that is checked, for the worker and for every command.</summary>
public sealed class SecureBrokerTests(SecureBroker broker) : IClassFixture<SecureBroker>
{
    [Fact]
    public async Task Whatever_talks_to_the_broker_talks_TLS_on_any_port()
    {
        Assert.False(await AmqpHandshake.AnswersAsync(broker.Address.Host, broker.Address.Port));
        var running = Guid.NewGuid();
        await using var send = Start("send", "a red fox [policy]");
        await using var sendSlow = Start("send", "a blue fox [seconds 600]", "--request-id", $"{running}");
        var failed = await ClosingLine.FailedAsync(send);
        await Eventually.PassesAsync(async () => Assert.Equal("Generating", await ReadAsync("state", running)));

        var retried = JsonDocument.Parse(await DoneAsync("requests", "retry", $"{failed.RequestId}", "--json"));
        var cancelled = await DoneAsync("requests", "cancel", $"{running}");

        var again = retried.RootElement.GetProperty("newRequestId").GetGuid();
        await Eventually.PassesAsync(async () => Assert.Equal($"{failed.Reason}", await ReadAsync("reason", again)));
        Assert.Contains("is closed: Cancelled", cancelled, StringComparison.Ordinal);
        Assert.Equal(FailureReason.Cancelled, (await ClosingLine.FailedAsync(sendSlow)).Reason);
    }

    [Theory]
    [InlineData(SecureBroker.AuthorityFile, null)]
    [InlineData(SecureBroker.RabbitMq, "127.0.0.1")]
    public async Task A_broker_that_cannot_be_trusted_is_refused_in_one_line(string setting, string? host)
    {
        // Its certificate is for the name alone.
        var value = host is null ? null : $"amqps://guest:hunter2secret@{host}:{broker.Address.Port}/";
        var failed = await AddAsync("Closed", "'GeneralError'");
        var running = await AddAsync("Generating", "NULL");
        await using var send = StartWith("send", "a red fox");
        await using var cancel = StartWith("requests", "cancel", $"{running}");
        await using var retry = StartWith("requests", "retry", $"{failed}");
        await using var list = StartWith("queues", "list");

        foreach (var command in new[] { send, cancel, retry, list })
        {
            var code = await command.WaitForExitAsync();
            Assert.True(code == 1, $"{command} ended with {code}:\n{command.Tail}");
            var line = Assert.Single(command.Lines);
            Assert.Contains($"RabbitMQ at {host ?? broker.Address.Host}", line, StringComparison.Ordinal);
            Assert.Contains("certificate", line, StringComparison.Ordinal);
            Assert.DoesNotContain("hunter2", line, StringComparison.Ordinal);
        }

        ChildProcess StartWith(params string[] arguments) =>
            WorkerProgram.Start(arguments, [.. broker.Settings, new(setting, value)]);
    }

    private ChildProcess Start(params string[] arguments) => WorkerProgram.Start(arguments, broker.Settings);

    private async Task<string> DoneAsync(params string[] arguments)
    {
        await using var command = Start(arguments);
        Assert.True(await command.WaitForExitAsync() == 0, command.Tail);
        return Assert.Single(command.OutputLines);
    }

    private Task<object?> ReadAsync(string column, Guid request) =>
        broker.QueryAsync($"SELECT {column} FROM requests WHERE id = '{request}'");

    /// <summary>A request that the commands find and no worker touches.</summary>
    private async Task<Guid> AddAsync(string state, string reason)
    {
        var id = Guid.NewGuid();
        await broker.QueryAsync(
            $$"""
            INSERT INTO requests (id, state, version, command, requested_at, deadline, closed_at, reason, errors, images, submissions)
            VALUES ('{{id}}', '{{state}}', 1, '{"requestId":"{{id}}","prompt":"a fox"}', now(), now() + interval '1 hour',
              CASE WHEN '{{state}}' = 'Closed' THEN now() END, {{reason}}, '[]', '[]', '[]')
            """
        );
        return id;
    }
}
