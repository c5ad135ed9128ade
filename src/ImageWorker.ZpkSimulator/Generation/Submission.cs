using ImageWorker.ZpkSimulator.Pricing;
using ImageWorker.ZpkSimulator.Prompts;

namespace ImageWorker.ZpkSimulator.Generation;

/// <summary>
/// One accepted submission as the server keeps it: the plan, from which every answer is computed when it is asked for,
/// and what the ledger counts. Kept small, as there is one for every call of a load test. Lock it to use it.
/// </summary>
internal sealed class Submission
{
    private const int KeptPromptLength = 200;
    private const float NotSeen = float.NaN;

    // An image is first queued: this share of its time it is "pending", the rest "generating".
    private const double PendingShare = 0.2;

    private readonly ImagePlan[] _images;
    private readonly float[] _lateness;
    private readonly decimal _earlierCharge;
    private readonly int _earlierImages;
    private DateTimeOffset? _due;

    /// <summary>Starts a submission, or starts it anew under an id already used.</summary>
    /// <param name="accepted">The plan.</param>
    /// <param name="script">The prompt's markers, if it has any.</param>
    /// <param name="chargeFailedImages">For the charge of the earlier one.</param>
    /// <param name="earlier">The submission that had this id before, whose counts and charges go on here.</param>
    public Submission(
        AcceptedSubmission accepted,
        PromptScript? script,
        Submission? earlier = null,
        bool chargeFailedImages = true
    )
    {
        Script = script;
        Id = accepted.Id;
        Prompt = accepted.Prompt.Length > KeptPromptLength ? accepted.Prompt[..KeptPromptLength] : accepted.Prompt;
        IsPromptCut = accepted.Prompt.Length > KeptPromptLength;
        PromptHash = PromptHasher.Hash(accepted.Prompt);
        Tag = accepted.Tag;
        PriceClass = accepted.PriceClass;
        AcceptedAt = accepted.AcceptedAt;
        VisibleAt = accepted.VisibleAt;
        CallbackUrl = accepted.CallbackUrl;
        Origin = accepted.Origin;
        Resend = accepted.Resend;
        _images = accepted.Images;
        FirstNum = _images.Length;
        _lateness = new float[_images.Length];
        Array.Fill(_lateness, NotSeen);
        if (earlier is null)
            return;

        _earlierCharge = earlier.Charged(accepted.AcceptedAt, chargeFailedImages);
        TimesAccepted = earlier.TimesAccepted + 1;
        _earlierImages = earlier.ImagesPaid;
        FirstNum = earlier.FirstNum;
        Resend = earlier.Resend;
        (Checks, EarlyChecks, LateChecks) = (earlier.Checks, earlier.EarlyChecks, earlier.LateChecks);
    }

    public PromptScript? Script { get; }
    public string Id { get; }
    public string Prompt { get; }
    public bool IsPromptCut { get; }
    public ulong PromptHash { get; }
    public string? Tag { get; }
    public PriceClass PriceClass { get; }
    public DateTimeOffset AcceptedAt { get; }
    public DateTimeOffset VisibleAt { get; }
    public string? CallbackUrl { get; }
    public string Origin { get; }
    public bool Resend { get; }
    public int TimesAccepted { get; } = 1;
    public int Checks { get; private set; }
    public int EarlyChecks { get; private set; }
    public int LateChecks { get; private set; }
    public int Num => _images.Length;
    public int ImagesPaid => _earlierImages + _images.Length;

    /// <summary>Images asked for when the id was first used.</summary>
    public int FirstNum { get; }

    public ImageState StateOf(int number, DateTimeOffset now)
    {
        var image = _images[number];
        var left = EndOf(number) - now;
        if (left > TimeSpan.Zero)
        {
            var wait = Math.Max(1, (int)Math.Ceiling(left.TotalSeconds * image.WaitFactor));
            var pending = left.TotalMilliseconds > image.Milliseconds * (1 - PendingShare);
            return new(pending ? "pending" : "generating", wait, null);
        }

        return image.Outcome switch
        {
            ImageOutcome.Generated => new("generated", 0, null),
            ImageOutcome.GeneralError => new("error", 0, "GENERAL_ERROR"),
            _ => new("error", 0, "CONTENT_POLICY_VIOLATION"),
        };
    }

    public DateTimeOffset EndOf(int number) => AcceptedAt.AddMilliseconds(_images[number].Milliseconds);

    public DateTimeOffset LastEnd => AcceptedAt.AddMilliseconds(_images.Max(image => image.Milliseconds));

    public decimal CostOf(int number, DateTimeOffset now, bool chargeFailedImages)
    {
        var failed = _images[number].Outcome != ImageOutcome.Generated && EndOf(number) <= now;
        return failed && !chargeFailedImages ? 0.0000m : PriceTable.PerImage(PriceClass);
    }

    /// <summary>What this id has cost, repeats included.</summary>
    public decimal Charged(DateTimeOffset now, bool chargeFailedImages)
    {
        var charged = _earlierCharge + 0.0000m;
        for (var number = 0; number < _images.Length; number++)
            charged += CostOf(number, now, chargeFailedImages);
        return charged;
    }

    /// <summary>Counts a check, and whether it kept to the wait last told.</summary>
    public void NoteCheck(DateTimeOffset now, TimeSpan earlyTolerance, TimeSpan lateTolerance)
    {
        Checks++;
        if (now < _due - earlyTolerance)
            EarlyChecks++;
        else if (now > _due + lateTolerance)
            LateChecks++;
    }

    /// <summary>From now on the client knows what an answer given now says: the ends it saw, the waits it was told.</summary>
    public void Tell(DateTimeOffset now)
    {
        NoteSeen(now);
        int? soonest = null;
        for (var number = 0; number < _images.Length; number++)
        {
            if (StateOf(number, now) is { Ended: false } state)
                soonest = Math.Min(soonest ?? int.MaxValue, state.WaitSeconds);
        }

        _due = soonest is { } seconds ? now.AddSeconds(seconds) : null;
    }

    /// <summary>A callback invites to check at once, so no wait is in force any more.</summary>
    public void Invite() => _due = null;

    /// <summary>Seconds from an image's end to the first answer that told it; null before that.</summary>
    public float? LatenessOf(int number) => float.IsNaN(_lateness[number]) ? null : _lateness[number];

    private void NoteSeen(DateTimeOffset now)
    {
        for (var number = 0; number < _images.Length; number++)
        {
            var late = now - EndOf(number);
            if (late >= TimeSpan.Zero && float.IsNaN(_lateness[number]))
                _lateness[number] = (float)late.TotalSeconds;
        }
    }
}
