using ImageWorker.Requests;
using ImageWorker.Storage;
using Microsoft.EntityFrameworkCore;
using static ImageWorker.Tests.Saga.Happenings;

namespace ImageWorker.Tests.Storage;

public sealed class ClaimTests : IAsyncLifetime
{
    private static readonly TimeSpan Hold = TimeSpan.FromSeconds(30);

    private WorkerUnderTest worker = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private DateTimeOffset Now => worker.Time.GetUtcNow();

    public async ValueTask InitializeAsync() => worker = await WorkerUnderTest.Start();

    public ValueTask DisposeAsync() => worker.DisposeAsync();

    [Fact]
    public async Task No_two_callers_get_the_same_tick()
    {
        await AddRequests(Enumerable.Range(0, 40).Select(i => Now.AddSeconds(-i)));

        var claims = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ClaimTicks(limit: 7)));

        Assert.All(claims, claimed => Assert.InRange(claimed.Count, 0, 7));
        var ids = claims.SelectMany(claimed => claimed).Select(tick => tick.Id).ToList();
        Assert.Equal((40, 40), (ids.Count, ids.Distinct().Count()));
        Assert.Empty(await ClaimTicks(limit: 7));
    }

    [Fact]
    public async Task The_ticks_longest_due_come_first_and_none_before_its_time()
    {
        var ids = await AddRequests([Now.AddSeconds(-1), Now.AddSeconds(-3), Now, Now.AddTicks(10), null]);

        var first = await ClaimTicks(limit: 1);
        var rest = await ClaimTicks(limit: 9);

        Assert.Equal(new DueTick(ids[1], 5), Assert.Single(first));
        Assert.Equal([ids[0], ids[2]], rest.Select(tick => tick.Id).OrderBy(id => ids.IndexOf(id)));
    }

    [Fact]
    public async Task A_tick_that_got_lost_comes_again()
    {
        await AddRequests([Now]);
        await ClaimTicks(limit: 1);

        worker.Time.Advance(Hold - TimeSpan.FromTicks(10));
        var early = await ClaimTicks(limit: 1);
        worker.Time.Advance(TimeSpan.FromTicks(10));
        var again = await ClaimTicks(limit: 1);

        Assert.Empty(early);
        Assert.Equal(5, Assert.Single(again).Version);
    }

    [Fact]
    public async Task No_two_callers_get_the_same_message()
    {
        await AddMessages(Enumerable.Range(0, 40).Select(i => Now.AddSeconds(-i)));

        var claims = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ClaimOutbox(limit: 7)));

        var ids = claims.SelectMany(claimed => claimed).Select(message => message.Id).ToList();
        Assert.Equal((40, 40), (ids.Count, ids.Distinct().Count()));
        Assert.All(claims.SelectMany(claimed => claimed), message => Assert.Equal(1, message.Attempts));
        Assert.Empty(await ClaimOutbox(limit: 7));
    }

    [Fact]
    public async Task A_message_is_left_to_who_took_it_until_the_hold_ends()
    {
        await AddMessages([Now, Now.AddSeconds(1)]);

        var first = await ClaimOutbox(limit: 9);
        worker.Time.Advance(Hold);
        var second = await ClaimOutbox(limit: 9);

        Assert.Single(first);
        Assert.Equal([1, 2], second.Select(message => message.Attempts).Order());
        Assert.Equal("{\"a\":\"é\"}", second[0].Body);
    }

    [Fact]
    public async Task A_request_is_read_back_as_it_was_saved()
    {
        var started = await worker.Handle(
            Command() with
            {
                MaxCost = 0.1140m,
                Metadata = new Dictionary<string, string>(StringComparer.Ordinal) { ["k"] = "v" },
            }
        );
        var accepted = await worker.Handle(
            started.Request!.Accepted(worker, 0.0760m, Running(0, cost: 0.0380m), Failed(1, cost: 0.0380m))
        );

        var request = accepted.Request!;
        Assert.Equal("0.1140", request.Command!.MaxCost.ToString());
        Assert.Equal("v", request.Command.Metadata?["k"]);
        Assert.Equal([ImageState.Generating, ImageState.WaitingToResend], request.Images.Select(image => image.State));
        Assert.Equal([0.0380m, 0.0380m], request.Submissions[0].ImageCosts);
        Assert.Equal(TimeSpan.Zero, request.Deadline.Offset);
        Assert.Equal(Now.AddSeconds(1800), request.Deadline);
        Assert.Equal(Now.AddSeconds(3), request.NextTickAt);
    }

    private Task<List<DueTick>> ClaimTicks(int limit) =>
        worker.InDatabase(db => db.ClaimTicks(Now, Now + Hold, limit, Ct));

    private Task<List<OutboxMessage>> ClaimOutbox(int limit) =>
        worker.InDatabase(db => db.ClaimOutbox(Now, Now + Hold, limit, Ct));

    private async Task<List<Guid>> AddRequests(IEnumerable<DateTimeOffset?> due)
    {
        var requests = due.Select(at => new ImageRequest
            {
                CorrelationId = Guid.NewGuid(),
                State = "Generating",
                Version = 5,
                NextTickAt = at,
            })
            .ToList();
        await Save(requests);
        return [.. requests.Select(request => request.CorrelationId)];
    }

    private Task<List<Guid>> AddRequests(IEnumerable<DateTimeOffset> due) =>
        AddRequests(due.Select(at => (DateTimeOffset?)at));

    private Task<int> AddMessages(IEnumerable<DateTimeOffset> claimable) =>
        Save(
            claimable.Select(at => new OutboxMessage
            {
                Id = Guid.NewGuid(),
                MessageId = Guid.NewGuid(),
                Destination = "exchange:none",
                Body = "{\"a\":\"é\"}",
                ClaimableAt = at,
            })
        );

    private Task<int> Save(IEnumerable<object> rows) =>
        worker.InDatabase(db =>
        {
            db.AddRange(rows);
            return db.SaveChangesAsync(Ct);
        });
}
