namespace ImageWorker.Requests;

/// <summary>
/// What a request's turn depends on. A request that meets others that wait is accepted and waits too; whose turn is next
/// goes by priority, then by tenant, then by age.
/// </summary>
public static class RequestTurns
{
    /// <summary>The tenant of commands that name none.</summary>
    public const string NoTenant = "default";

    /// <summary>The words for <see cref="RequestPriority"/> in commands, in its order.</summary>
    public static readonly IReadOnlyList<string> Priorities = ["high", "normal", "low"];

    /// <summary>What people see as the state of a request that waits for its first turn.</summary>
    public const string Waiting = nameof(Waiting);

    /// <summary>The longest wait of a command that sets no limit to it.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromDays(30);

    /// <summary>The priority of this word; null if it is none of <see cref="Priorities"/>.</summary>
    public static RequestPriority? PriorityOf(string? word) =>
        Priorities
            .Index()
            .Where(known => known.Item == word)
            .Select(known => (RequestPriority?)known.Index)
            .FirstOrDefault();

    public static string Word(this RequestPriority priority) => Priorities[(int)priority];

    /// <summary>Its share of the turns while all priorities wait.</summary>
    public static int Weight(this RequestPriority priority) =>
        priority switch
        {
            RequestPriority.High => 16,
            RequestPriority.Normal => 4,
            _ => 1,
        };

    /// <summary>True while the request waits for its first turn.</summary>
    public static bool IsWaiting(this ImageRequest request) => IsWaiting(request.State, request.WaitingSince);

    /// <inheritdoc cref="IsWaiting(ImageRequest)"/>
    public static bool IsWaiting(string state, DateTimeOffset? waitingSince) =>
        waitingSince is not null && state == RequestStates.Submitting;

    /// <summary>
    /// Has an accepted request wait for its first turn. Its deadline runs only from then on; until then it is the end of
    /// this wait.
    /// </summary>
    /// <param name="request">The request, with its first submission.</param>
    /// <param name="now">The step's time.</param>
    /// <param name="patience">
    /// When its timer comes due for workers of an older version, which know no turns. The others pass over it.
    /// </param>
    public static void AwaitTurn(this ImageRequest request, DateTimeOffset now, TimeSpan patience)
    {
        request.AwaitTurnSince(now, now + patience);
        request.Submissions[0].WaitingSince = now;
        request.Submissions[0].NextSubmitAt = now + patience;
    }

    /// <summary>Has a request whose call was held back wait for its turn again, in its old place.</summary>
    /// <inheritdoc cref="AwaitTurn"/>
    public static void AwaitTurnAgain(this ImageRequest request, DateTimeOffset now, TimeSpan patience)
    {
        request.AwaitTurnSince(request.RequestedAt, now + patience);
        request.Version++;
    }

    /// <summary>Gives the request its first turn.</summary>
    public static void TakeTurn(this ImageRequest request, DateTimeOffset now)
    {
        request.WaitingSince = null;
        request.Deadline = now + TimeSpan.FromSeconds(request.Command!.TimeoutSeconds);
        request.Version++;
    }

    private static void AwaitTurnSince(this ImageRequest request, DateTimeOffset since, DateTimeOffset dueForOlder)
    {
        var wait = request.Command!.StartWithinSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : LongestWait;
        request.WaitingSince = since;
        request.Deadline = since + wait;
        request.NextTickAt = request.Deadline < dueForOlder ? request.Deadline : dueForOlder;
    }
}

/// <summary>Whose turn is next. The numbers are stored.</summary>
public enum RequestPriority
{
    High = 0,
    Normal = 1,
    Low = 2,
}
