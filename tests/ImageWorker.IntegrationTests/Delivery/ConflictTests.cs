using System.Globalization;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Delivery;

public sealed class ConflictTests(Surroundings surroundings) : IClassFixture<Surroundings>
{
    private const int Requests = 8;
    private const int Repeats = 6;

    // Saving takes a while, so that others read the row meanwhile. A sequence is no part of any transaction: it counts
    // the saves that found their row changed, whose transactions are rolled back.
    private const string ProvokeAndCount = """
        CREATE SEQUENCE conflicts MINVALUE 0 START 0;
        SELECT nextval('conflicts');
        CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN PERFORM pg_sleep(0.05); RETURN NEW; END $$;
        CREATE TRIGGER linger BEFORE UPDATE OF version ON requests FOR EACH ROW EXECUTE FUNCTION linger();
        CREATE FUNCTION count_conflict() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN
            IF NOT EXISTS (SELECT FROM changed) AND current_query() NOT LIKE '%SKIP LOCKED%' THEN
              PERFORM nextval('conflicts');
            END IF;
            RETURN NULL;
          END $$;
        CREATE TRIGGER count_conflict AFTER UPDATE ON requests REFERENCING NEW TABLE AS changed
          FOR EACH STATEMENT EXECUTE FUNCTION count_conflict();
        """;

    private readonly WorkerUnderTest _worker = surroundings.Worker;

    [Fact]
    public async Task Two_workers_on_the_same_request_at_once_pay_and_close_it_once()
    {
        await _worker.QueryAsync(ProvokeAndCount);
        await using var one = await _worker.StartAsync();
        await using var other = await _worker.StartAsync();
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

        var conflicts = Convert.ToInt64(
            await _worker.QueryAsync("SELECT last_value FROM conflicts"),
            CultureInfo.InvariantCulture
        );
        Assert.True(conflicts > 0, "No save met another one: the test proved nothing.");
        await _worker.NothingFaultedAsync();
    }
}
