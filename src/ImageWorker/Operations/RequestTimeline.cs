using ImageWorker.Contracts;
using ImageWorker.Requests;

namespace ImageWorker.Operations;

/// <summary>One line of a request's history, or of what is to come.</summary>
/// <param name="At">When; null where no time was noted.</param>
/// <param name="What">For people; never a prompt.</param>
public sealed record TimelineEntry(DateTimeOffset? At, string What);

/// <summary>
/// Tells a request's history from its row and its ledger rows: submissions, resends, checks, costs and its end.
/// </summary>
public static class RequestTimeline
{
    public static IReadOnlyList<TimelineEntry> Of(ImageRequest request, IReadOnlyList<SubmissionEntry> ledger)
    {
        var entries = new List<TimelineEntry> { Begin(request) };
        foreach (var (index, submission) in request.Submissions.Index())
        {
            var entry = ledger.FirstOrDefault(row => row.Id == submission.Id);
            entries.AddRange(OfSubmission(request, index, entry));
        }
        entries.AddRange(
            request
                .Timers()
                .Select(timer => new TimelineEntry(
                    timer.At,
                    $"to come: {(request.IsWaiting() ? "closes unless its turn has come" : timer.What)}"
                ))
        );
        if (request.ClosedAt is { } closedAt)
            entries.Add(new(closedAt, End(request)));
        // An entry without a time comes right after the command.
        return
        [
            .. entries.Index().OrderBy(e => e.Item.At ?? request.RequestedAt).ThenBy(e => e.Index).Select(e => e.Item),
        ];
    }

    private static TimelineEntry Begin(ImageRequest request) =>
        new(
            request.RequestedAt,
            request.Command is { } command
                ? $"command: {Readable.Count(command.Count, "image")} of {command.Model}, {command.Quality}, {command.Resolution}"
                    + (command.MaxCost is { } budget ? $", at most {Readable.Cost(budget)} EUR" : "")
                    + (command.Tenant is { } tenant ? $", for {tenant}" : "")
                    + (request.Priority is RequestPriority.Normal ? "" : $", {request.Priority.Word()} priority")
                    + (command.StartWithinSeconds is { } seconds ? $", to start within {seconds} s" : "")
                : "cancelled before its command came"
        );

    private static IEnumerable<TimelineEntry> OfSubmission(ImageRequest request, int index, SubmissionEntry? entry)
    {
        var submission = request.Submissions[index];
        yield return new(
            entry?.StartedAt,
            $"{Name(request, index)} as {submission.Id}"
                + (entry is null ? ": not sent" : "")
                + (
                    entry is { Calls: > 1 }
                        ? $", claimed {entry.Calls} times, each but the first after proof that no call had arrived"
                        : ""
                )
        );
        if (entry is { State: not LedgerState.Started, SettledAt: { } settledAt })
            yield return new(
                settledAt,
                $"{submission.Id} {entry.State.ToString().ToLowerInvariant()}"
                    + (
                        entry.State is LedgerState.Accepted
                            ? $"{(entry.ProviderId is { } id && id != submission.Id ? $" as {id}" : "")}, {Readable.Cost(entry.Cost)} EUR"
                            : ""
                    )
            );
        else if (entry is { State: LedgerState.Started })
            yield return new(
                entry.LeaseUntil,
                $"{submission.Id}: it is not known whether ZPK accepted it; looked up from here on"
            );
        if (submission.CheckedAt is { } checkedAt)
            yield return new(
                checkedAt,
                $"last check of {submission.Id}{(submission.Problem is { } why ? $" failed: {why}" : "")}"
            );
        else if (submission.Problem is { } problem)
            yield return new(
                submission.WaitingSince ?? entry?.StartedAt,
                $"last call of {submission.Id} failed: {problem}"
            );
    }

    /// <summary>What the submission of this index is for, for people.</summary>
    public static string Name(ImageRequest request, int index)
    {
        var numbers = request.Submissions[index].ImageNumbers;
        var attempt = request.Submissions.Take(index + 1).Count(s => s.ImageNumbers.Contains(numbers[0]));
        return attempt > 1
            ? $"resend of image {numbers[0]}, attempt {attempt},"
            : $"submission of {(numbers.Count == 1 ? "image" : "images")} {string.Join(", ", numbers)}";
    }

    private static string End(ImageRequest request)
    {
        var outcome = request.Outcome();
        var generated = request.Images.GeneratedCount();
        var @event = request.Reason is null ? nameof(ImagesReady) : nameof(ImagesFailed);
        return $"closed: {outcome}, {generated} of {Readable.Count(request.Images.Count, "image")}, {Readable.Cost(request.Submissions.CostSoFar())} EUR; {@event} published";
    }
}
