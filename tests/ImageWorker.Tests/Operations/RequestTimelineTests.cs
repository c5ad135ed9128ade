using ImageWorker.Operations;
using ImageWorker.Requests;
using ImageWorker.Tests.Saga;
using static ImageWorker.Tests.Saga.Happenings;

namespace ImageWorker.Tests.Operations;

public sealed class RequestTimelineTests(WorkerUnderTest worker) : IClassFixture<WorkerUnderTest>
{
    [Fact]
    public async Task A_resend_its_costs_and_the_end_are_told_in_order()
    {
        var given = await worker.ReachAsync(Given.WaitingToResend);
        var request = (await worker.TickWhenDueAsync(given.Request!)).Request!;
        request = (await worker.HandleAsync(request.Accepted(worker, 0.0381m, Running(0)))).Request!;
        worker.Time.Advance(TimeSpan.FromSeconds(5));
        request = (await worker.HandleAsync(request.Checked(worker, Generated(0)))).Request!;
        var (first, resend) = (request.Submissions[0].Id, request.Submissions[1].Id);

        var timeline = RequestTimeline.Of(
            request,
            [Row(first, request.RequestedAt, 0.0760m), Row(resend, request.RequestedAt.AddSeconds(3), 0.0381m)]
        );

        Assert.Equal(
            [
                "command: 2 images of zpk-ultra, standard, 1024x1024",
                $"submission of images 0, 1 as {first}",
                $"{first} accepted as zpk-{first}, 0.0760 EUR",
                $"last check of {first}",
                $"resend of image 1, attempt 2, as {resend}",
                $"{resend} accepted as zpk-{resend}, 0.0381 EUR",
                $"last check of {resend}",
                "closed: ready, 2 of 2 images, 0.1141 EUR; ImagesReady published",
            ],
            timeline.Select(entry => entry.What),
            StringComparer.Ordinal
        );
        Assert.DoesNotContain(timeline, entry => entry.What.Contains("lighthouse", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Whose_turn_it_is_is_told_with_the_command()
    {
        var command = Command() with { Tenant = "acme", Priority = "low" };
        var request = (await worker.HandleAsync(command)).Request!;
        // Added later: who waits for its turn would have the requests of the other tests wait too.
        request.Command = command with
        {
            StartWithinSeconds = 30,
        };

        Assert.Equal(
            "command: 2 images of zpk-ultra, standard, 1024x1024, for acme, low priority, to start within 30 s",
            RequestTimeline.Of(request, [])[0].What
        );
    }

    [Fact]
    public async Task What_is_not_known_and_what_is_to_come_is_told_as_that()
    {
        var (_, request) = await worker.ReachAsync(Given.InDoubt);
        var id = request!.Submissions[0].Id;
        var lease = request.RequestedAt.AddSeconds(1);

        var timeline = RequestTimeline.Of(
            request,
            [
                new()
                {
                    Id = id,
                    State = LedgerState.Started,
                    StartedAt = request.RequestedAt,
                    LeaseUntil = lease,
                    Calls = 1,
                },
            ]
        );

        Assert.Equal(
            [
                "command: 2 images of zpk-ultra, standard, 1024x1024",
                $"submission of images 0, 1 as {id}",
                $"last call of {id} failed: reset",
                $"{id}: it is not known whether ZPK accepted it; looked up from here on",
                $"to come: {id} is looked up",
                "to come: deadline",
            ],
            timeline.Select(entry => entry.What),
            StringComparer.Ordinal
        );
    }

    [Fact]
    public async Task A_check_that_fails_says_why_until_one_is_answered()
    {
        var given = await worker.ReachAsync(Given.Generating);
        var request = (
            await worker.HandleAsync(given.Request!.Checked(worker) with { Answer = null, Reason = "HTTP 503" })
        ).Request!;
        var last = $"last check of {request.Submissions[0].Id}";

        Assert.Contains(RequestTimeline.Of(request, []), entry => entry.What == $"{last} failed: HTTP 503");

        request = (await worker.HandleAsync(request.Checked(worker, Running(0), Running(1)))).Request!;
        Assert.Contains(RequestTimeline.Of(request, []), entry => entry.What == last);
    }

    [Fact]
    public async Task A_hurried_request_does_at_once_what_it_waited_for()
    {
        var (_, request) = await worker.ReachAsync(Given.Generating);
        var id = request!.CorrelationId;
        await worker.InDatabaseAsync(async db =>
        {
            (await db.Requests.FindAsync([id], TestContext.Current.CancellationToken))!.HurryUp(
                worker.Time.GetUtcNow()
            );
            return await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        });

        var stale = await worker.TickAsync(id, TimeSpan.Zero, age: 1);
        var due = await worker.TickAsync(id, TimeSpan.Zero);

        Assert.Equal("", stale.Says);
        Assert.Equal("CheckImages", due.Says);
    }

    private static SubmissionEntry Row(string id, DateTimeOffset at, decimal cost) =>
        new()
        {
            Id = id,
            State = LedgerState.Accepted,
            StartedAt = at,
            SettledAt = at,
            Calls = 1,
            ProviderId = $"zpk-{id}",
            Cost = cost,
        };
}
