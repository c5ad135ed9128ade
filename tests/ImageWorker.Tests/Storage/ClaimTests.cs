using ImageWorker.Requests;
using ImageWorker.Storage;
using Microsoft.EntityFrameworkCore;
using static ImageWorker.Tests.Saga.Happenings;

namespace ImageWorker.Tests.Storage;

public sealed class ClaimTests : IAsyncLifetime
{
    private static readonly TimeSpan Hold = TimeSpan.FromSeconds(30);

    private WorkerUnderTest _worker = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private DateTimeOffset Now => _worker.Time.GetUtcNow();

    public async ValueTask InitializeAsync() => _worker = await WorkerUnderTest.StartAsync();

    public ValueTask DisposeAsync() => _worker.DisposeAsync();

    [Fact]
    public async Task No_two_callers_get_the_same_tick()
    {
        await AddRequestsAsync(Enumerable.Range(0, 40).Select(i => Now.AddSeconds(-i)));

        var claims = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ClaimTicksAsync(limit: 7)));

        Assert.All(claims, claimed => Assert.InRange(claimed.Count, 0, 7));
        var ids = claims.SelectMany(claimed => claimed).Select(tick => tick.Id).ToList();
        Assert.Equal((40, 40), (ids.Count, ids.Distinct().Count()));
        Assert.Empty(await ClaimTicksAsync(limit: 7));
    }

    [Fact]
    public async Task The_ticks_longest_due_come_first_and_none_before_its_time()
    {
        var ids = await AddRequestsAsync([Now.AddSeconds(-1), Now.AddSeconds(-3), Now, Now.AddTicks(10), null]);

        var first = await ClaimTicksAsync(limit: 1);
        var rest = await ClaimTicksAsync(limit: 9);

        Assert.Equal(new DueTick(ids[1], 5), Assert.Single(first));
        Assert.Equal([ids[0], ids[2]], rest.Select(tick => tick.Id).OrderBy(id => ids.IndexOf(id)));
    }

    [Fact]
    public async Task A_tick_that_got_lost_comes_again()
    {
        await AddRequestsAsync([Now]);
        await ClaimTicksAsync(limit: 1);

        _worker.Time.Advance(Hold - TimeSpan.FromTicks(10));
        var early = await ClaimTicksAsync(limit: 1);
        _worker.Time.Advance(TimeSpan.FromTicks(10));
        var again = await ClaimTicksAsync(limit: 1);

        Assert.Empty(early);
        Assert.Equal(5, Assert.Single(again).Version);
    }

    [Fact]
    public async Task No_two_callers_get_the_same_message()
    {
        await AddMessagesAsync(Enumerable.Range(0, 40).Select(i => Now.AddSeconds(-i)));

        var claims = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ClaimOutboxAsync(limit: 7)));

        var ids = claims.SelectMany(claimed => claimed).Select(message => message.Id).ToList();
        Assert.Equal((40, 40), (ids.Count, ids.Distinct().Count()));
        Assert.All(claims.SelectMany(claimed => claimed), message => Assert.Equal(1, message.Attempts));
        Assert.Empty(await ClaimOutboxAsync(limit: 7));
    }

    [Fact]
    public async Task A_message_is_left_to_who_took_it_until_the_hold_ends()
    {
        await AddMessagesAsync([Now, Now.AddSeconds(1)]);

        var first = await ClaimOutboxAsync(limit: 9);
        _worker.Time.Advance(Hold);
        var second = await ClaimOutboxAsync(limit: 9);

        Assert.Single(first);
        Assert.Equal([1, 2], second.Select(message => message.Attempts).Order());
        Assert.Equal("{\"a\":\"é\"}", second[0].Body);
    }

    [Fact]
    public async Task A_request_is_read_back_as_it_was_saved()
    {
        var started = await _worker.HandleAsync(
            Command() with
            {
                MaxCost = 0.1140m,
                Metadata = new Dictionary<string, string>(StringComparer.Ordinal) { ["k"] = "v" },
            }
        );
        var accepted = await _worker.HandleAsync(
            started.Request!.Accepted(_worker, 0.0760m, Running(0, cost: 0.0380m), Failed(1, cost: 0.0380m))
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

    private Task<List<DueTick>> ClaimTicksAsync(int limit) =>
        _worker.InDatabaseAsync(db => db.ClaimTicksAsync(Now, Now + Hold, limit, Ct));

    private Task<List<OutboxMessage>> ClaimOutboxAsync(int limit) =>
        _worker.InDatabaseAsync(db => db.ClaimOutboxAsync(Now, Now + Hold, limit, Ct));

    private async Task<List<Guid>> AddRequestsAsync(IEnumerable<DateTimeOffset?> due)
    {
        var requests = due.Select(at => new ImageRequest
            {
                CorrelationId = Guid.NewGuid(),
                State = "Generating",
                Version = 5,
                NextTickAt = at,
            })
            .ToList();
        await SaveAsync(requests);
        return [.. requests.Select(request => request.CorrelationId)];
    }

    private Task<List<Guid>> AddRequestsAsync(IEnumerable<DateTimeOffset> due) =>
        AddRequestsAsync(due.Select(at => (DateTimeOffset?)at));

    private Task<int> AddMessagesAsync(IEnumerable<DateTimeOffset> claimable) =>
        SaveAsync(
            claimable.Select(at => new OutboxMessage
            {
                Id = Guid.NewGuid(),
                MessageId = Guid.NewGuid(),
                Destination = "exchange:none",
                Body = "{\"a\":\"é\"}",
                ClaimableAt = at,
            })
        );

    private Task<int> SaveAsync(IEnumerable<object> rows) =>
        _worker.InDatabaseAsync(db =>
        {
            db.AddRange(rows);
            return db.SaveChangesAsync(Ct);
        });
}
