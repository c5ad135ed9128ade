using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Storage.Earlier;

/// <summary>A PostgreSQL database as an earlier version left it, a minute after that was killed.</summary>
public sealed class EarlierPostgresTests(TestServers servers, EarlierPostgres databases)
    : IClassFixture<EarlierPostgres>
{
    private const string Schema = """
        SELECT string_agg(line, chr(10) ORDER BY line COLLATE "C") FROM (
            SELECT concat_ws(' ', table_name, ordinal_position, column_name, data_type, character_maximum_length,
                is_nullable, column_default) AS line
            FROM information_schema.columns WHERE table_schema = 'public'
            UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
            UNION ALL SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid))
            FROM pg_constraint WHERE connamespace = 'public'::regnamespace
            UNION ALL SELECT "MigrationId" FROM "__EFMigrationsHistory") AS lines
        """;

    public static TheoryData<string> Versions => EarlierDump.Versions;

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Migrated_it_has_the_schema_of_a_new_one(string version)
    {
        var (worker, _, _) = await databases.OpenAsync(version);

        await using var another = await WorkerUnderTest.CreateAsync(servers);

        Assert.Equal(await another.QueryAsync(Schema), await worker.QueryAsync(Schema));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task What_was_open_goes_on_closes_once_and_pays_only_for_the_calls_that_were_still_to_be_made(
        string version
    )
    {
        var (worker, requests, _) = await databases.OpenAsync(version);

        foreach (var (command, reason, attempts, cost) in requests.Closings)
        {
            var closing = await worker.ClosedOnceAsync(command);
            var told = reason is null ? closing.As<ImagesReady>() : null;
            var failed = reason is null ? null : closing.As<ImagesFailed>();
            var images = told?.Images ?? failed!.Images;
            Assert.Equal(reason, failed?.Reason);
            Assert.All(images, image => Assert.Equal(ImageStatus.Generated, image.Status));
            Assert.Equal(attempts, images.Select(image => image.Attempts));
            Assert.Equal(command.Metadata, told?.Metadata ?? failed!.Metadata);
            Assert.Equal(cost, (told?.Cost ?? failed!.Cost).Total);
            AssertPaid(worker, command, submissions: attempts.Max(), cost);
        }

        // The simulator counts calls since it was started.
        Assert.Equal(EarlierRequests.CallsOwed, worker.Zpk.ReadLedger().Server.GenerateCalls);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Events_that_were_not_delivered_are_and_this_versions_repeat_is_the_same_event(string version)
    {
        var (worker, requests, _) = await databases.OpenAsync(version);
        var id = requests.Undelivered.RequestId;

        var delivered = await worker.ClosedOnceAsync(requests.Undelivered);
        Assert.Equal(2, worker.Events.EventsOf(id).Count);
        Assert.Contains(worker.Events.EventsOf(id), e => e.Name is nameof(ImageGenerated));
        var count = worker.Events.ClosingsOf(id).Count;
        await worker.Commands.SendAsync(requests.Undelivered);
        await Eventually.HoldsAsync(() => worker.Events.ClosingsOf(id).Count > count);

        var repeated = worker.Events.ClosingsOf(id)[^1];
        Assert.Equal(delivered.MessageId, repeated.MessageId);
        // Not the whole text: this version may say more.
        var (before, after) = (delivered.As<ImagesReady>(), repeated.As<ImagesReady>());
        Assert.Equal(before.Images, after.Images);
        Assert.Equal((before.Cost.Total, before.ClosedAt), (after.Cost.Total, after.ClosedAt));
        AssertPaid(worker, requests.Undelivered, submissions: 1, 0.038m);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_closed_request_answers_its_repeated_command_with_its_closing_event(string version)
    {
        var (worker, requests, _) = await databases.OpenAsync(version);

        var ready = (await worker.CloseAsync(requests.Ready)).As<ImagesReady>();
        var failed = (await worker.CloseAsync(requests.Refused)).As<ImagesFailed>();

        Assert.Equal(ImageStatus.Generated, Assert.Single(ready.Images).Status);
        Assert.Equal(0.038m, ready.Cost.Total);
        AssertPaid(worker, requests.Ready, submissions: 1, 0.038m);
        Assert.Equal((FailureReason.RejectedByProvider, 0m), (failed.Reason, failed.Cost.Total));
        Assert.Equal("prompt", Assert.Single(failed.Errors).On);
        AssertPaid(worker, requests.Refused, submissions: 0, 0);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_cancellation_that_came_before_its_command_still_stops_it(string version)
    {
        var (worker, requests, _) = await databases.OpenAsync(version);

        var failed = (await worker.CloseAsync(requests.Withdrawn)).As<ImagesFailed>();

        Assert.Equal((FailureReason.Cancelled, 0m), (failed.Reason, failed.Cost.Total));
        AssertPaid(worker, requests.Withdrawn, submissions: 0, 0);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_command_whose_request_was_removed_stays_ignored(string version)
    {
        var (worker, requests, process) = await databases.OpenAsync(version);
        var id = requests.Removed.RequestId;

        await worker.Commands.SendAsync(requests.Removed);
        await process.WaitForLineAsync(line => line.Contains($"{id} is ignored", StringComparison.Ordinal));

        await worker.SettledAsync();
        Assert.Empty(worker.Events.EventsOf(id));
        AssertPaid(worker, requests.Removed, submissions: 1, 0.038m);
    }

    /// <summary>By the simulator's ledger, what was paid before the dump included.</summary>
    private static void AssertPaid(WorkerUnderTest worker, GenerateImages command, int submissions, decimal cost)
    {
        var totals = worker.PaidFor(command).Totals;
        Assert.Equal((submissions, 0, cost), (totals.Submissions, totals.RepeatedIds, totals.Charged));
    }
}
