using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Workers;
using RabbitMQ.Client;

namespace ImageWorker.IntegrationTests.Requests;

/// <summary>A command is judged by its body. A header that makes no sense is ignored, whatever its type.</summary>
[Collection(nameof(SharedWorker))]
public sealed class HeaderTests(SharedWorkerFixture shared)
{
    private readonly WorkerUnderTest _worker = shared.Worker;

    [Theory]
    [InlineData("traceparent")]
    [InlineData("tracestate")]
    [InlineData("MT-Activity-Id")]
    [InlineData("MessageId")]
    [InlineData("MT-Request-Id")]
    [InlineData("MT-Host-Info")]
    [InlineData("Content-Type")]
    public async Task A_header_of_any_type_leaves_a_good_command_good(string header)
    {
        object[] values =
        [
            42,
            4_200_000_000L,
            4.2,
            true,
            new AmqpTimestamp(1),
            new byte[] { 0xFF, 0xFE },
            "",
            "\u001b[31m",
            new List<object?> { 1, "two" },
            new Dictionary<string, object?>(StringComparer.Ordinal) { ["a"] = 1 },
        ];
        var commands = values.Select(_ => WorkerUnderTest.Command("a red fox")).ToList();

        foreach (var (command, value) in commands.Zip(values))
        {
            await _worker.Commands.SendAsync(
                "generate-images",
                $$"""{"requestId":"{{command.RequestId}}","prompt":"{{command.Prompt}}"}""",
                new BasicProperties
                {
                    ContentType = Publisher.Json,
                    Headers = new Dictionary<string, object?>(StringComparer.Ordinal) { [header] = value },
                }
            );
        }

        foreach (var command in commands)
        {
            (await _worker.ClosedOnceAsync(command)).As<ImagesReady>();
        }
    }
}
