using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Requests;

/// <summary>Whatever is published, the worker lives, says what became of it, and serves the next command.</summary>
[Collection(nameof(SharedWorker))]
public sealed class PoisonTests(SharedWorkerFixture shared)
{
    private const int Commands = 10_000;
    private const int AtOnce = 200;

    private readonly WorkerUnderTest _worker = shared.Worker;

    [Theory]
    [InlineData("count", "-1")]
    [InlineData("count", "-2147483648")]
    [InlineData("timeoutSeconds", "-5")]
    [InlineData("maxCost", "-0.01")]
    public async Task A_negative_number_is_refused(string field, string value)
    {
        var command = WorkerUnderTest.Command("a red fox");

        await _worker.Commands.SendBodyAsync(
            $$"""{"requestId":"{{command.RequestId}}","prompt":"{{command.Prompt}}","{{field}}":{{value}}}"""
        );

        var failed = (await _worker.ClosedOnceAsync(command)).As<ImagesFailed>();
        Assert.Equal((FailureReason.InvalidRequest, field), (failed.Reason, Assert.Single(failed.Errors).On));
        Assert.Empty(_worker.PaidFor(command).Submissions);
    }

    [Fact]
    public async Task A_prompt_of_a_megabyte_is_refused_and_not_repeated_in_the_event()
    {
        var command = WorkerUnderTest.Command(new string('x', 1_000_000));

        var closing = await _worker.CloseAsync(command);

        var failed = closing.As<ImagesFailed>();
        Assert.Equal((FailureReason.InvalidRequest, "INVALID_BODY"), (failed.Reason, Assert.Single(failed.Errors).Id));
        Assert.InRange(closing.Message.GetRawText().Length, 0, 2000);
    }

    [Fact]
    public async Task Messages_of_ten_megabytes_are_refused_from_their_beginning_and_take_little_memory()
    {
        var text = new string('x', 10_000_000);
        var commands = Enumerable.Range(0, 20).Select(_ => WorkerUnderTest.Command("a red fox")).ToList();

        foreach (var command in commands)
        {
            await _worker.Commands.SendBodyAsync(
                $$$"""{"requestId":"{{{command.RequestId}}}","metadata":{"a":"{{{text}}}"}}"""
            );
        }

        foreach (var command in commands)
        {
            var failed = await _worker.ClosedOnceAsync(command);
            Assert.Equal("INVALID_BODY", Assert.Single(failed.As<ImagesFailed>().Errors).Id);
            Assert.InRange(failed.Message.GetRawText().Length, 0, 2000);
        }

        Assert.All(
            shared.Process.OutputLines.Concat(shared.Process.ErrorLines),
            line => Assert.InRange(line.Length, 0, 10_000)
        );
    }

    [Theory]
    [InlineData("prompt")]
    [InlineData("somethingElse")]
    public async Task Deep_nesting_is_refused(string field)
    {
        var command = WorkerUnderTest.Command("a red fox");
        var deep = new string('[', 10_000) + new string(']', 10_000);

        await _worker.Commands.SendBodyAsync($$"""{"requestId":"{{command.RequestId}}","{{field}}":{{deep}}}""");

        var failed = (await _worker.ClosedOnceAsync(command)).As<ImagesFailed>();
        Assert.Contains("nested too deep", Assert.Single(failed.Errors).Message, StringComparison.Ordinal);
        (await _worker.CloseAsync(WorkerUnderTest.Command("a blue fox"))).As<ImagesReady>();
    }

    [Fact]
    public async Task Of_thousands_of_random_commands_each_is_closed_once_or_names_no_request_and_is_kept_with_a_reason()
    {
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        var random = new RandomCommands(seed);
        var sent = Enumerable.Range(0, Commands).Select(_ => random.Next()).ToList();

        foreach (var batch in sent.Chunk(AtOnce))
        {
            await Task.WhenAll(batch.Select(command => _worker.Commands.SendBodyAsync(command.Body)));
        }

        // The last of them, on the same queue.
        (await _worker.CloseAsync(WorkerUnderTest.Command("a red fox"))).As<ImagesReady>();
        var kept = new Dictionary<string, string>(StringComparer.Ordinal);
        var failures = new List<string>();
        await Eventually.PassesAsync(
            async () =>
            {
                while (await _worker.Commands.GetAsync("generate-images_error") is { } message)
                {
                    kept.Add(message.BodyText(), message.Reason());
                }

                await _worker.SettledAsync();
                var closings = _worker.Events.MessageIdsByRequest();
                failures = [.. sent.Select(command => Failure(command, closings, kept)).OfType<string>()];
                Assert.True(
                    failures.Count == 0,
                    $"seed {seed}, {failures.Count}: {string.Join('\n', failures.Take(5))}"
                );
            },
            TimeSpan.FromMinutes(3)
        );
        Assert.All(kept.Values, reason => Assert.NotEmpty(reason));
        Assert.InRange(kept.Count, 1, Commands / 10);
    }

    private static string? Failure(
        RandomCommand command,
        Dictionary<Guid, HashSet<Guid>> closings,
        Dictionary<string, string> kept
    )
    {
        var (closed, isKept) = (
            closings.GetValueOrDefault(command.RequestId)?.Count ?? 0,
            kept.ContainsKey(command.Body)
        );
        var isRight = (closed, isKept) == (command.IsNamed ? (1, false) : (0, true));
        return isRight ? null : $"closed {closed} times, kept {isKept}: {command.Body}";
    }
}
