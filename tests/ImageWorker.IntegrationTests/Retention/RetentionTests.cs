using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Retention;

public sealed class RetentionTests(TestServers servers)
{
    private const int Copies = 300;

    [Fact]
    public async Task Two_replicas_remove_what_is_past_its_retention_in_batches_and_nothing_else()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        await using (await worker.StartAsync())
        {
            (await worker.CloseAsync(WorkerUnderTest.Command("a red fox"))).As<ImagesReady>();
        }
        await MakeOldCopiesAsync(worker);

        KeyValuePair<string, string?>[] retention =
        [
            new("Retention__Requests", "01:00:00"),
            new("Retention__Inbox", "01:00:00"),
            new("Retention__Interval", "00:00:01"),
            new("Retention__Batch", "20"),
            new("Retention__Pause", "00:00:00"),
        ];
        await using var one = await worker.StartAsync(retention);
        await using var other = await worker.StartAsync(retention);

        var kept = WorkerUnderTest.Command("a red fox");
        (await worker.CloseAsync(kept)).As<ImagesReady>();
        await Eventually.PassesAsync(async () =>
        {
            Assert.Equal(1L, await worker.QueryAsync("SELECT count(*) FROM requests"));
            Assert.Equal(1L, await worker.QueryAsync("SELECT count(*) FROM submissions"));
            // The ids of those that went, and no more of what was removed long before.
            Assert.Equal(Copies + 1L, await worker.QueryAsync("SELECT count(*) FROM inbox"));
        });
        Assert.Equal(kept.RequestId, await worker.QueryAsync("SELECT id FROM requests"));
        Assert.DoesNotContain(
            one.Process.Lines.Concat(other.Process.Lines),
            line => line.Contains("could not be removed", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Of_cancellations_of_requests_that_never_were_only_the_latest_are_kept()
    {
        const int Cancellations = 500;
        const int Limit = 20;
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        await using (await worker.StartAsync())
        {
            for (var i = 0; i < Cancellations; i++)
            {
                await worker.Commands.CancelAsync(Guid.NewGuid());
            }

            await Eventually.PassesAsync(async () => Assert.Equal(Cancellations, await CountAsync()));
        }
        var latest = await worker.QueryAsync(
            $"""
            SELECT array_agg(id ORDER BY id) FROM (
                SELECT id FROM requests ORDER BY requested_at DESC LIMIT {Limit}) latest
            """
        );

        await using var limited = await worker.StartAsync(
            new KeyValuePair<string, string?>("Retention__CancellationLimit", $"{Limit}"),
            new KeyValuePair<string, string?>("Retention__Interval", "00:00:01"),
            new KeyValuePair<string, string?>("Retention__Batch", "20")
        );

        await Eventually.PassesAsync(async () => Assert.Equal(Limit, await CountAsync()));
        Assert.Equal(latest, await worker.QueryAsync("SELECT array_agg(id ORDER BY id) FROM requests"));
        await worker.NothingFaultedAsync();

        async Task<long> CountAsync() =>
            (long)(await worker.QueryAsync("SELECT count(*) FROM requests WHERE state = 'Withdrawn'"))!;
    }

    /// <summary>Makes the one request there is an old one, with a ledger row, and as many copies of it.</summary>
    private static async Task MakeOldCopiesAsync(WorkerUnderTest worker)
    {
        await worker.QueryAsync("UPDATE requests SET closed_at = now() - interval '61 minutes'");
        await worker.QueryAsync(
            $"""
            WITH copies AS (
                INSERT INTO requests
                SELECT (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid()))).*
                FROM requests r, generate_series(1, {Copies})
                RETURNING id)
            INSERT INTO submissions
            SELECT (jsonb_populate_record(s,
                jsonb_build_object('id', left(md5(copies.id::text), 16), 'request_id', copies.id))).*
            FROM submissions s, copies
            """
        );
        await worker.QueryAsync(
            $"""
            INSERT INTO inbox (request_id, removed_at)
            SELECT gen_random_uuid(), now() - interval '61 minutes' FROM generate_series(1, {Copies})
            """
        );
        Assert.Equal(Copies + 1L, await worker.QueryAsync("SELECT count(*) FROM requests"));
        Assert.Equal(Copies + 1L, await worker.QueryAsync("SELECT count(*) FROM submissions"));
    }
}
