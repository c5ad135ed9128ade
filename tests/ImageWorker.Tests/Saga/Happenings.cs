using ImageWorker.Contracts;
using ImageWorker.Requests;
using ImageWorker.Zpk;

namespace ImageWorker.Tests.Saga;

/// <summary>Where a request can stand.</summary>
public enum Given
{
    Initial,

    /// <summary>Cancelled before its command.</summary>
    Withdrawn,

    /// <summary>Two images handed to the submitting consumer.</summary>
    Submitting,

    /// <summary>Submitting, and ZPK was busy.</summary>
    Deferred,

    /// <summary>Submitting, and the call's end is unknown.</summary>
    InDoubt,

    /// <summary>Two images accepted, 27 s to go.</summary>
    Generating,

    /// <summary>Generating, image 0 done and image 1 waiting for its resend.</summary>
    WaitingToResend,

    /// <summary>Cancelled while its submission is under way.</summary>
    Closing,

    /// <summary>Closing at its deadline, with the last check under way.</summary>
    LastCheck,

    /// <summary>With both images.</summary>
    Closed,
}

/// <summary>What can happen to it.</summary>
public enum Happening
{
    Command,
    AnotherCommand,
    FaultyCommand,
    CommandOverBudget,
    Cancel,
    Accepted,
    Refused,
    Deferred,
    DeferredInDoubt,
    SubmissionWithdrawn,
    CheckedGenerated,
    CheckedRunning,
    CheckUnavailable,
    CalledBack,

    /// <summary>A tick 30 s on: a wait is over, a deadline or a grace is not.</summary>
    TickSoon,

    /// <summary>A tick two hours on: past deadline and grace.</summary>
    TickAfterTheEnd,

    /// <summary>The same, of an older version of the row.</summary>
    StaleTick,
}

/// <summary>Brings requests to where a test begins, and makes things happen to them.</summary>
public static class Happenings
{
    public static GenerateImages Command(Guid? requestId = null, int count = 2) =>
        new()
        {
            RequestId = requestId ?? Guid.NewGuid(),
            Prompt = "a lighthouse",
            Count = count,
        };

    /// <summary>A request that stands where <paramref name="given"/> says, one of its own each time.</summary>
    public static async Task<(Guid Id, ImageRequest? Request)> ReachAsync(this WorkerUnderTest worker, Given given)
    {
        var id = Guid.NewGuid();
        List<Happening> path = given switch
        {
            Given.Initial => [],
            Given.Withdrawn => [Happening.Cancel],
            Given.Submitting => [Happening.Command],
            Given.Deferred => [Happening.Command, Happening.Deferred],
            Given.InDoubt => [Happening.Command, Happening.DeferredInDoubt],
            Given.Generating or Given.WaitingToResend => [Happening.Command, Happening.Accepted],
            Given.Closing => [Happening.Command, Happening.Cancel],
            Given.LastCheck => [Happening.Command, Happening.Accepted, Happening.TickAfterTheEnd],
            _ => [Happening.Command, Happening.Accepted, Happening.CheckedGenerated],
        };
        ImageRequest? request = null;
        foreach (var what in path)
            request = (await worker.LetAsync((id, request), what)).Request;
        if (given is Given.WaitingToResend)
            request = (await worker.HandleAsync(request!.Checked(worker, Generated(0), Failed(1)))).Request;
        return (id, request);
    }

    public static Task<Handled> LetAsync(
        this WorkerUnderTest worker,
        (Guid Id, ImageRequest? Request) given,
        Happening what
    )
    {
        var (id, request) = given;
        var submission = request?.Submissions.FirstOrDefault()?.Id ?? SubmissionId.Derive(id, 0, 1);
        var now = worker.Time.GetUtcNow();
        return what switch
        {
            Happening.Command => worker.HandleAsync(Command(id)),
            Happening.AnotherCommand => worker.HandleAsync(Command(id) with { Prompt = "a windmill" }),
            Happening.FaultyCommand => worker.HandleAsync(Command(id) with { Prompt = "" }),
            Happening.CommandOverBudget => worker.HandleAsync(Command(id) with { MaxCost = 0.01m }),
            Happening.Cancel => worker.HandleAsync(new CancelImages { RequestId = id }),
            Happening.Accepted => worker.HandleAsync(
                new SubmissionAccepted(id, submission, Answer(0.0760m, Running(0), Running(1)), now)
            ),
            Happening.Refused => worker.HandleAsync(
                new SubmissionRefused(id, submission, [new("INVALID_PARAMETER", "too long", "prompt")])
            ),
            Happening.Deferred => worker.HandleAsync(new SubmissionDeferred(id, submission, null, false, "busy")),
            Happening.DeferredInDoubt => worker.HandleAsync(
                new SubmissionDeferred(id, submission, null, true, "reset")
            ),
            Happening.SubmissionWithdrawn => worker.HandleAsync(new SubmissionWithdrawn(id, submission)),
            Happening.CheckedGenerated => worker.HandleAsync(
                new ImagesChecked(id, submission, Answer(null, Generated(0), Generated(1)), now, null, null)
            ),
            Happening.CheckedRunning => worker.HandleAsync(
                new ImagesChecked(id, submission, Answer(null, Running(0), Running(1)), now, null, null)
            ),
            Happening.CheckUnavailable => worker.HandleAsync(new ImagesChecked(id, submission, null, now, null, "502")),
            Happening.CalledBack => worker.HandleAsync(new CallbackReceived(id, submission)),
            Happening.TickSoon => worker.TickAsync(id, TimeSpan.FromSeconds(30)),
            Happening.TickAfterTheEnd => worker.TickAsync(id, TimeSpan.FromHours(2)),
            _ => worker.TickAsync(id, TimeSpan.FromHours(2), age: 1),
        };
    }

    /// <summary>Lets time pass, and the request's timer fire.</summary>
    public static async Task<Handled> TickAsync(
        this WorkerUnderTest worker,
        Guid requestId,
        TimeSpan after,
        int age = 0
    )
    {
        worker.Time.Advance(after);
        var version = (await worker.FindAsync(requestId))?.Version ?? 0;
        return await worker.HandleAsync(new RequestTick(requestId, version - age));
    }

    /// <summary>Lets time pass until the request's own timer fires.</summary>
    public static Task<Handled> TickWhenDueAsync(this WorkerUnderTest worker, ImageRequest request)
    {
        var wait = request.NextTickAt!.Value - worker.Time.GetUtcNow();
        return worker.TickAsync(request.CorrelationId, wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
    }

    /// <summary>ZPK's answer to the latest submission of the request.</summary>
    public static SubmissionAccepted Accepted(
        this ImageRequest request,
        WorkerUnderTest worker,
        decimal? cost,
        params IReadOnlyList<ZpkImage> images
    ) =>
        new(
            request.CorrelationId,
            request.Submissions[^1].Id,
            Answer(cost, images) with
            {
                UniqueRequestId = request.Submissions[^1].Id,
            },
            worker.Time.GetUtcNow()
        );

    /// <summary>ZPK's answer to a check of the latest submission.</summary>
    public static ImagesChecked Checked(
        this ImageRequest request,
        WorkerUnderTest worker,
        params IReadOnlyList<ZpkImage> images
    ) =>
        new(
            request.CorrelationId,
            request.Submissions[^1].Id,
            Answer(null, images),
            worker.Time.GetUtcNow(),
            null,
            null
        );

    public static ZpkAnswer Answer(decimal? cost, params IReadOnlyList<ZpkImage> images) => new(null, images, cost);

    public static ZpkImage Running(int num, double? wait = 27, decimal? cost = null) =>
        new()
        {
            Num = num,
            Status = GenerationStatus.Generating,
            WaitTime = wait is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            Cost = cost,
        };

    public static ZpkImage Generated(int num, decimal? cost = null) =>
        new()
        {
            Num = num,
            Status = GenerationStatus.Generated,
            ImageUrl = $"https://zpk.systems/i/{num}.png",
            Cost = cost,
        };

    public static ZpkImage Failed(int num, string? errorId = "GENERAL_ERROR", decimal? cost = null) =>
        new()
        {
            Num = num,
            Status = GenerationStatus.Error,
            ErrorId = errorId,
            Cost = cost,
        };
}
