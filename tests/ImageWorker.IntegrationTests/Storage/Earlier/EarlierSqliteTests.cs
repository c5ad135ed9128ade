using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Storage.Earlier;

/// <summary>An <c>imageworker.db</c> as an earlier version left it, a minute after that was killed.</summary>
public sealed class EarlierSqliteTests(EarlierSqlite files) : IClassFixture<EarlierSqlite>
{
    // EF's own table has lines that end as on Windows, which a text file does not keep.
    private const string Schema = """
        SELECT group_concat(line, char(10)) FROM (
            SELECT replace(sql, char(13), '') AS line FROM sqlite_master WHERE sql IS NOT NULL
            UNION ALL SELECT "MigrationId" FROM "__EFMigrationsHistory"
            ORDER BY line)
        """;

    public static TheoryData<string> Versions => EarlierDump.Versions;

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Migrated_it_has_the_schema_of_a_new_one(string version)
    {
        var (worker, _) = await files.OpenAsync(version);

        using var folder = new EmptyFolder();
        await SqliteFile.MigrateAsync(folder);

        Assert.Equal(await SqliteFile.QueryAsync(folder.At("imageworker.db"), Schema), await worker.QueryAsync(Schema));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task What_was_open_goes_on_closes_once_and_pays_only_for_the_calls_that_were_still_to_be_made(
        string version
    )
    {
        var (worker, requests) = await files.OpenAsync(version);
        var closings = requests.Closings.Append((requests.Unread, null, [1], 0.038m)).ToList();

        await DeliveredAsync(worker);
        await NoneAsync(worker, "SELECT count(*) FROM requests WHERE next_tick_at IS NOT NULL");
        await using var list = worker.Run("requests", "list");
        Assert.Equal(0, await list.WaitForExitAsync());
        foreach (var (command, reason, attempts, cost) in closings)
        {
            var outcome = reason is null ? "ready" : $"{reason}";
            var line =
                $"{command.RequestId}\tClosed\t{outcome}\t{attempts.Length} of {attempts.Length}\t{cost:0.0000}\t";
            Assert.Contains(list.OutputLines, listed => listed.StartsWith(line, StringComparison.Ordinal));
            AssertPaid(worker, command, submissions: attempts.Max(), cost);
        }

        // Both are counted since the start. A call more is owed for the command that nobody had read.
        Assert.Equal(EarlierRequests.CallsOwed + 1, worker.Zpk.ReadLedger().Server.GenerateCalls);
        await Eventually.PassesAsync(async () =>
            Assert.Equal(
                closings.Count(closing => closing.Reason is null),
                (await worker.ScrapeAsync()).Value("imageworker_requests_closed_total", "outcome=\"ready\"")
            )
        );
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Events_and_commands_that_were_not_delivered_are_and_none_is_left(string version)
    {
        var (worker, requests) = await files.OpenAsync(version);

        await DeliveredAsync(worker);

        AssertPaid(worker, requests.Undelivered, submissions: 1, 0.038m);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_closed_request_answers_its_repeated_command_with_its_closing_event(string version)
    {
        var (worker, requests) = await files.OpenAsync(version);

        await using var send = worker.Send(requests.Ready);
        var ready = await ClosingLine.ReadyAsync(send);

        Assert.Equal(ImageStatus.Generated, Assert.Single(ready.Images).Status);
        Assert.Equal(requests.Ready.Metadata, ready.Metadata);
        await DeliveredAsync(worker);
        AssertPaid(worker, requests.Ready, submissions: 1, 0.038m);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_cancellation_that_came_before_its_command_still_stops_it(string version)
    {
        var (worker, requests) = await files.OpenAsync(version);

        await using var send = worker.Send(requests.Withdrawn);
        var failed = await ClosingLine.FailedAsync(send);

        Assert.Equal((FailureReason.Cancelled, 0m), (failed.Reason, failed.Cost.Total));
        AssertPaid(worker, requests.Withdrawn, submissions: 0, 0);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_command_whose_request_was_removed_stays_ignored(string version)
    {
        var (worker, requests) = await files.OpenAsync(version);

        await using var send = worker.Send(requests.Removed);
        await worker.Process.WaitForLineAsync(line =>
            line.Contains($"{requests.Removed.RequestId} is ignored", StringComparison.Ordinal)
        );

        await DeliveredAsync(worker);
        Assert.False(send.HasExited);
        AssertPaid(worker, requests.Removed, submissions: 1, 0.038m);
    }

    private static Task DeliveredAsync(EarlierSqlite.Opened worker) => NoneAsync(worker, "SELECT count(*) FROM outbox");

    private static Task NoneAsync(EarlierSqlite.Opened worker, string sql) =>
        Eventually.PassesAsync(async () => Assert.Equal(0L, await worker.QueryAsync(sql)));

    /// <summary>By the simulator's ledger, what was paid before the dump included.</summary>
    private static void AssertPaid(EarlierSqlite.Opened worker, GenerateImages command, int submissions, decimal cost)
    {
        var totals = worker.Zpk.ReadLedger($"{command.RequestId:n}").Totals;
        Assert.Equal((submissions, 0, cost), (totals.Submissions, totals.RepeatedIds, totals.Charged));
    }
}
