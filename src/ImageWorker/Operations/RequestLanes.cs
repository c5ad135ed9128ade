using ImageWorker.Requests;

namespace ImageWorker.Operations;

/// <summary>A request's time drawn to scale: what it did, what it waited for, one lane a submission.</summary>
/// <param name="Start">The left end: when the command came.</param>
/// <param name="End">The right end: when it was closed, or a little after now.</param>
/// <param name="All">The lanes from the top down.</param>
public sealed record RequestLanes(DateTimeOffset Start, DateTimeOffset End, IReadOnlyList<Lane> All)
{
    /// <summary>Where a time is from left to right, 0 to 100.</summary>
    public double At(DateTimeOffset time) => Math.Clamp((time - Start) / (End - Start) * 100, 0, 100);

    /// <summary>Times from the start that divide the drawing evenly, in round numbers.</summary>
    public IReadOnlyList<TimeSpan> Ticks
    {
        get
        {
            var step = Steps.FirstOrDefault(step => (End - Start) / step <= 6, (End - Start) / 5);
            return [.. Enumerable.Range(0, 7).Select(index => step * index).TakeWhile(tick => tick <= End - Start)];
        }
    }

    private static readonly TimeSpan[] Steps =
    [
        .. new[]
        {
            0.05,
            0.1,
            0.2,
            0.5,
            1,
            2,
            5,
            10,
            15,
            30,
            60,
            120,
            300,
            600,
            900,
            1800,
            3600,
            7200,
            21600,
            43200,
            86400,
            172800,
        }.Select(seconds => TimeSpan.FromSeconds(seconds)),
    ];

    public static RequestLanes Of(ImageRequest request, IReadOnlyList<SubmissionEntry> ledger, DateTimeOffset now)
    {
        var started = ledger.Count > 0 ? ledger.Min(entry => entry.StartedAt) : (DateTimeOffset?)null;
        var last = request.ClosedAt ?? now;
        var turn = new Lane(
            "Until the first call",
            [new("wait", request.RequestedAt, Within(started ?? last), "waits for its first call")],
            []
        );
        var lanes = request
            .Submissions.Index()
            .Where(submission => ledger.Any(entry => entry.Id == submission.Item.Id))
            .Select(submission => OfSubmission(request, submission.Index, ledger, last))
            .Prepend(turn)
            .ToList();
        var next = request.ClosedAt is null
            ? lanes.SelectMany(lane => lane.Marks).Select(mark => mark.At).Max(at => (DateTimeOffset?)at)
            : null;
        var end =
            next > last && next - last < (last - request.RequestedAt) + TimeSpan.FromSeconds(10) ? next.Value : last;
        var least = request.RequestedAt + TimeSpan.FromMilliseconds(50);
        return new(request.RequestedAt, end > least ? end : least, lanes);

        DateTimeOffset Within(DateTimeOffset time) => time < last ? time : last;
    }

    private static Lane OfSubmission(
        ImageRequest request,
        int index,
        IReadOnlyList<SubmissionEntry> ledger,
        DateTimeOffset last
    )
    {
        var submission = request.Submissions[index];
        var entry = ledger.First(row => row.Id == submission.Id);
        var spans = new List<LaneSpan>();
        var marks = new List<LaneMark>();

        var before = request
            .Submissions.Take(index)
            .LastOrDefault(other => other.ImageNumbers.Contains(submission.ImageNumbers[0]));
        if (before?.CheckedAt is { } failedAt && failedAt < entry.StartedAt)
            spans.Add(new("wait", failedAt, entry.StartedAt, "waits for the resend"));

        if (entry is { State: not LedgerState.Started, SettledAt: { } settledAt })
            spans.Add(
                new("call", entry.StartedAt, settledAt, $"paid call, {entry.State.ToString().ToLowerInvariant()}")
            );
        else if (entry.State is LedgerState.Started && entry.LeaseUntil < last)
            spans.Add(new("doubt", entry.StartedAt, last, "not known whether ZPK accepted it"));
        else
            spans.Add(new("call", entry.StartedAt, last, "paid call under way"));

        if (entry is { State: LedgerState.Accepted, SettledAt: { } acceptedAt })
        {
            var until = submission.NextCheckAt is null ? submission.CheckedAt ?? last : last;
            if (until > acceptedAt)
                spans.Add(new("make", acceptedAt, until, "ZPK makes the pictures"));
        }
        if (submission.CheckedAt is { } checkedAt)
            marks.Add(new("check", checkedAt, "last check"));
        if (submission.NextCheckAt is { } nextCheckAt)
            marks.Add(new("next", nextCheckAt, "next check"));
        return new(RequestTimeline.Name(request, index).TrimEnd(','), spans, marks);
    }
}

/// <summary>One line of the drawing.</summary>
public sealed record Lane(string Label, IReadOnlyList<LaneSpan> Spans, IReadOnlyList<LaneMark> Marks);

/// <summary>Something that took time.</summary>
/// <param name="Kind"><c>wait</c>, <c>call</c>, <c>make</c> or <c>doubt</c>.</param>
/// <param name="From">Its beginning.</param>
/// <param name="Until">Its end.</param>
/// <param name="What">For people.</param>
public sealed record LaneSpan(string Kind, DateTimeOffset From, DateTimeOffset Until, string What);

/// <summary>Something that happened, or will, at one time.</summary>
/// <param name="Kind"><c>check</c> or <c>next</c>.</param>
/// <param name="At">When.</param>
/// <param name="What">For people.</param>
public sealed record LaneMark(string Kind, DateTimeOffset At, string What);
