using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Engine;

public sealed class ConflictTests(Surroundings surroundings) : IClassFixture<Surroundings>
{
    private const int Requests = 8;
    private const int Repeats = 6;

    // Saving takes a while, so that others read the row meanwhile.
    private const string Provoke = """
        CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN PERFORM pg_sleep(0.05); RETURN NEW; END $$;
        CREATE TRIGGER linger BEFORE UPDATE OF version ON requests FOR EACH ROW EXECUTE FUNCTION linger();
        """;

    private static readonly KeyValuePair<string, string?> Telling = new(
        "Logging__LogLevel__ImageWorker.Storage",
        "Debug"
    );

    private readonly WorkerUnderTest _worker = surroundings.Worker;

    [Fact]
    public async Task Two_workers_on_the_same_request_at_once_pay_and_close_it_once()
    {
        await _worker.QueryAsync(Provoke);
        await using var one = await _worker.StartAsync(Telling);
        await using var other = await _worker.StartAsync(Telling);
        var commands = Enumerable.Range(0, Requests).Select(n => WorkerUnderTest.Command($"fox {n} [seconds 20]"));
        var all = commands.ToList();

        var repeated = all.SelectMany(command => Enumerable.Repeat(command, Repeats));
        await Task.WhenAll(repeated.Select(command => _worker.Commands.SendAsync(command)));
        await _worker.SubmittedAsync(Requests);
        var cancelled = all.SelectMany(command => Enumerable.Repeat(command.RequestId, Repeats));
        await Task.WhenAll(cancelled.Select(id => _worker.Commands.CancelAsync(id, $"{Guid.NewGuid()}")));

        foreach (var command in all)
        {
            await _worker.ClosedOnceAsync(command);
            var totals = _worker.PaidFor(command).Totals;
            Assert.Equal((1, 1, 0), (totals.Submissions, totals.ImagesPaid, totals.RepeatedIds));
        }

        // Or no save met another one, and the test proved nothing.
        Assert.Contains([.. one.Process.Lines, .. other.Process.Lines], TellsOfConflict);
        await _worker.NothingFaultedAsync();
    }

    private static bool TellsOfConflict(string line) =>
        line.Contains("A step runs again in ", StringComparison.Ordinal)
        && line.Contains("The request was changed by another step", StringComparison.Ordinal);
}
