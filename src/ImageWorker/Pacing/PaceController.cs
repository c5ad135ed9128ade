namespace ImageWorker.Pacing;

/// <summary>
/// Keeps the calls of all workers just below the limit of the API, which nobody knows: it is found by refusals alone.
/// Pure: the state that all workers share, one worker's report and the time go in, and the state moves on.
/// </summary>
public static class PaceController
{
    /// <summary>A refused call says nothing of the rate if fewer than this share are refused.</summary>
    private const double Tolerated = 0.01;
    private const double MostNoise = 0.035;

    private const double FirstShare = 0.7;
    private const double Cut = 0.95;
    private const double SmallestCut = 0.5;
    private const double Climb = 0.01;
    private const double SteepestClimb = 32;
    private const double ProbeClimb = 0.25;
    private const int FirstProbe = 4;
    private const int RarestProbe = 64;
    private const double LowestRate = 0.05;
    private const double HighestRate = 100_000;

    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ClimbDoubles = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan ForgetsLimit = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan ForgetsWorker = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Ahead = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Block = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// One exchange of one worker with the shared state: takes its report, moves the state on, and grants slots.
    /// </summary>
    public static PaceGrant Exchange(PaceState state, PaceReport report, PaceLimits limits, DateTimeOffset now)
    {
        limits = new(limits.PerSecond / Math.Max(1, state.SharedBy), limits.PerSecond <= 0 ? 0 : limits.AtOnce);
        Forget(state, now);
        Count(state, report, now);
        MoveOn(state, limits, now);
        foreach (var refusal in report.Refused)
            Judge(state, refusal, limits, now);
        var worker = Enter(state, report, now);
        var atOnce = PaceSharing.Hold(state, report.Worker, limits.AtOnce, now);
        return Grant(state, worker, atOnce, limits, now) with { AtOnce = atOnce };
    }

    /// <summary>
    /// A copy of the state for a worker that cannot reach the shared one. With it the worker goes on alone, at its share
    /// of the last rate. It throws the copy away once it reaches the shared state again.
    /// </summary>
    public static PaceState Alone(PaceState state, Guid worker, DateTimeOffset now)
    {
        var alone = PaceState.Parse(state.ToJson());
        Forget(alone, now);
        alone.Workers.TryAdd(worker, new());
        // The others stay in it, so that nobody takes what they hold.
        foreach (var other in alone.Workers.Where(each => each.Key != worker))
            other.Value.Wanted = 0;
        alone.SharedBy = alone.Workers.Count;
        alone.Rate /= alone.SharedBy;
        (alone.CutFrom, alone.SlightCuts, alone.ProbeFrom) = (0, 0, 0);
        (alone.Recent, alone.OpenSince) = (new(), now);
        return alone;
    }

    /// <summary>What operators see. The state stays as it is.</summary>
    public static PaceFacts Facts(PaceState state, DateTimeOffset now)
    {
        var copy = PaceState.Parse(state.ToJson());
        Forget(copy, now);
        copy.Recent.MoveTo(now);
        var (begun, refused) = copy.Recent.LastSecond(now);
        return new(
            copy.Rate,
            RefusedInSecond: refused / Math.Max(1.0, begun),
            RefusedInMinute: Math.Min(1, copy.MinuteRefused / Math.Max(1.0, copy.MinuteBegun)),
            copy.Workers.Count,
            copy.Workers.Values.Sum(worker => worker.UnderWay),
            copy.Workers.Values.Sum(worker => worker.Wanted),
            copy.ClosedUntil > now ? copy.ClosedUntil : null
        );
    }

    private static void Forget(PaceState state, DateTimeOffset now)
    {
        foreach (var (id, worker) in state.Workers)
        {
            if ((now - worker.Seen).Duration() > ForgetsWorker && state.SharedBy <= 1)
                state.Workers.Remove(id);
        }
        if (now - state.BegunAt > ForgetsLimit && !(state.ClosedUntil + ForgetsLimit > now))
        {
            (state.Rate, state.Phase, state.ClosedUntil) = (null, PacePhase.Open, null);
            (state.Noise, state.ProbeFrom) = (0, 0);
        }

        // The clock was set back, or somebody wrote the row by hand.
        if (state.ClosedUntil > now + LongestPause)
            state.ClosedUntil = now + LongestPause;
        if (state.LastSlot > now + Second)
            state.LastSlot = now;
    }

    private static PaceWorker Enter(PaceState state, PaceReport report, DateTimeOffset now)
    {
        if (!state.Workers.TryGetValue(report.Worker, out var worker))
            state.Workers[report.Worker] = worker = new();
        if (worker.Wanted == 0)
            worker.Taken = Math.Max(worker.Taken, PaceSharing.LeastTaken(state, now));
        (worker.Seen, worker.Wanted, worker.UnderWay) = (now, report.Wanted, report.UnderWay);
        return worker;
    }

    private static void Count(PaceState state, PaceReport report, DateTimeOffset now)
    {
        state.Recent.MoveTo(now);
        var kept = Math.Exp(-Math.Max(0, (now - state.MovedAt).TotalMinutes));
        state.MinuteBegun = state.MinuteBegun * kept + report.Begun.Count;
        state.MinuteRefused = state.MinuteRefused * kept + report.Refused.Count;
        foreach (var begun in report.Begun)
        {
            state.Recent.AddBegun(begun, now);
            state.RefusedLately *= 0.9;
            state.Spare = Math.Max(state.Spare, Math.Min(1 + 100 * state.Noise, state.Spare + Tolerated + state.Noise));
            state.BegunAt = now;
        }
        foreach (var refusal in report.Refused)
        {
            state.Recent.AddRefused(refusal.Begun, now);
            state.RefusedLately += 0.1;
        }
    }

    /// <summary>Ends a pause that is over, and lets the rate climb.</summary>
    private static void MoveOn(PaceState state, PaceLimits limits, DateTimeOffset now)
    {
        var isLate = now - state.MovedAt > 2 * Second;
        var since = now - state.MovedAt < Second ? state.MovedAt : now - Second;
        state.MovedAt = now;
        if (state.ClosedUntil is { } until)
        {
            if (state.Phase == PacePhase.Settling)
                state.CutFrom = Math.Max(state.CutFrom, Passed(state, now));
            if (now < until || state.Phase == PacePhase.Paused)
                return;
            if (state.Phase == PacePhase.Settling)
                (state.Rate, state.CutFrom) = (Bounded(FirstShare * state.CutFrom), 0);
            (state.Phase, state.ClosedUntil, state.SlowStart) = (PacePhase.Open, null, true);
            (state.OpenSince, state.CutAt, state.LastSlot) = (now, now, now);
            (state.Idle, state.Calm, state.Spare, state.RefusedLately) = (0, 0, 3, 0);
            return;
        }

        if (isLate)
            state.OpenSince = now; // What was measured is of long ago.
        var passed = (now - since).TotalSeconds;
        state.Noise *= Math.Exp(-passed / 60);
        if (passed <= 0 || Kept(state, limits) is not { } kept)
            return;
        var unused = Math.Clamp((now - NextSlot(state, kept)).TotalSeconds, 0, passed);
        state.Idle += (unused / passed - state.Idle) * (1 - Math.Exp(-passed));
        // Who does not use what it may have learns nothing about more.
        if (state.Idle > 0.25 || state.Rate > kept || state.Rate is not { } rate)
            return;
        state.Calm += passed;
        var step =
            state.SlowStart ? 1
            : state.ProbeFrom > 0 ? ProbeClimb
            : Climb * Math.Min(SteepestClimb, Math.Pow(2, Math.Floor(state.Calm / ClimbDoubles.TotalSeconds)));
        state.Rate = Bounded(rate * Math.Pow(1 + step, passed));
    }

    private static void Judge(PaceState state, PaceRefusal refusal, PaceLimits limits, DateTimeOffset now)
    {
        if (refusal.Begun < state.CutAt)
            return; // It says nothing of the rate that is kept since.
        var asked =
            refusal.RetryAfter is { } after && after > TimeSpan.Zero
                ? Math.Min(after.TotalSeconds, LongestPause.TotalSeconds)
                : 1;
        state.RetryAfter = now - state.RefusedAt > Second ? asked : Math.Min(state.RetryAfter, asked);
        state.RefusedAt = now;
        if (state.Phase == PacePhase.Trying)
            Pause(state, asked, now);
        if (state.ClosedUntil is not null)
            return;
        if (state.Rate is null)
        {
            (state.Phase, state.ClosedUntil) = (PacePhase.Settling, now + Settling);
            (state.CutAt, state.CutFrom) = (now + Settling, Passed(state, now));
            return;
        }

        if (now - state.CutAt < Second && state.CutAt != state.OpenSince)
            return;
        if (state.Spare >= 1)
        {
            state.Spare--;
            return;
        }
        var rate = Math.Min(state.Rate.Value, limits.PerSecond ?? HighestRate);
        var (begun, refused) = state.Recent.LastSecond(now);
        var areFew = refused <= Math.Max(3, begun / 8);
        if (areFew && state is { SlowStart: true, CutFrom: 0 })
            return; // A rate that doubles past a limit has more refused.
        var isSlight = begun >= 10 && refused <= Math.Max(1, begun / 16);
        state.DeepCuts = isSlight ? 0 : state.DeepCuts + 1;
        if (refused > begun / 2.0 && state.RefusedLately > 0.5 && state.DeepCuts > 1)
        {
            state.Rate = Bounded(rate / 2);
            Pause(state, state.RetryAfter, now);
            return;
        }
        if (Probe(state, rate, isSlight, areFew))
            return;
        (state.CutAt, state.CutFrom, state.Calm, state.SlowStart) = (now, rate, 0, false);
        // One call more, since a second that has few of them may have missed one. The first second is not measured yet.
        var passed = now - state.OpenSince < Second ? rate : Passed(state, now) + 1;
        state.Rate = Bounded(Math.Max(rate / 2, Math.Min(passed, Math.Min(Cut * rate, rate - SmallestCut))));
    }

    /// <summary>
    /// Cut again and again, and still a few are refused: perhaps the rate is not the reason. So it climbs, whatever few are
    /// refused, until many are. If it has doubled by then, it was not.
    /// </summary>
    /// <returns>True if nothing is cut for this refusal.</returns>
    private static bool Probe(PaceState state, double rate, bool isSlight, bool areFew)
    {
        if (state.ProbeFrom > 0)
        {
            var hasDoubled = rate > 2 * state.ProbeFrom;
            if (hasDoubled)
                (state.Noise, state.ProbeAfter) = (MostNoise, FirstProbe);
            if (areFew)
                return true;
            if (!hasDoubled)
                state.ProbeAfter = Math.Min(RarestProbe, 2 * Math.Max(FirstProbe, state.ProbeAfter));
            (state.ProbeFrom, state.SlightCuts) = (0, 0);
            return false;
        }
        state.SlightCuts = isSlight ? state.SlightCuts + 1 : 0;
        if (state.SlightCuts < Math.Max(FirstProbe, state.ProbeAfter) || state.SlowStart)
            return false;
        (state.ProbeFrom, state.SlightCuts) = (rate, 0);
        return true;
    }

    private static void Pause(PaceState state, double seconds, DateTimeOffset now)
    {
        (state.Phase, state.ClosedUntil, state.ProbeFrom) = (PacePhase.Paused, now.AddSeconds(seconds), 0);
        // What began before says nothing of the trial. Clocks differ a little, so the trial may seem to be early.
        state.CutAt = state.ClosedUntil.Value - Ahead;
    }

    private static PaceGrant Grant(
        PaceState state,
        PaceWorker worker,
        int? atOnce,
        PaceLimits limits,
        DateTimeOffset now
    )
    {
        var busy = worker.Wanted > 0 || worker.UnderWay > 0;
        if (state.ClosedUntil > now)
            return new()
            {
                ClosedUntil = state.ClosedUntil,
                AskAgainAt = busy ? Earlier(state.ClosedUntil.Value, now + Second) : null,
            };
        var wanted = Math.Max(0, Math.Min(worker.Wanted, atOnce - worker.UnderWay ?? int.MaxValue));
        if (state.Phase == PacePhase.Paused && wanted > 0)
        {
            (state.Phase, state.ClosedUntil) = (PacePhase.Trying, now + Settling + Ahead);
            return new() { Slots = [now], AskAgainAt = state.ClosedUntil };
        }
        var later =
            worker.Wanted > wanted ? now + Ahead
            : busy ? now + Second
            : (DateTimeOffset?)null;
        if (state.Phase == PacePhase.Paused)
            return new() { AskAgainAt = later };
        if (Kept(state, limits) is not { } rate)
            return new() { IsUnlimited = true, AskAgainAt = later };
        if (wanted == 0)
            return new() { AskAgainAt = later };

        var before = PaceSharing.WaitBefore(state, worker, now);
        var next = NextSlot(state, rate);
        var start = next > now ? next : now;
        var room = now + (before == 0 ? Ahead : Block) - start;
        if (room < TimeSpan.Zero)
            return new() { AskAgainAt = Turn(start, before, now) };
        var count = (int)Math.Min(wanted, 1 + rate * (room < Block ? room : Block).TotalSeconds);
        var slots = Enumerable.Range(0, count).Select(num => start.AddSeconds(num / rate)).ToList();
        state.LastSlot = slots[^1];
        worker.Taken += count;
        return new()
        {
            Slots = slots,
            AskAgainAt = Turn(NextSlot(state, rate), PaceSharing.WaitBefore(state, worker, now), now),
        };
    }

    /// <summary>When to ask for a slot: those who have waited longer ask first.</summary>
    private static DateTimeOffset Turn(DateTimeOffset slot, int before, DateTimeOffset now) =>
        Earlier(slot - Block + Math.Min(before, 4) * Block / 2, now + Second);

    /// <summary>The rate that calls are paced by. Null: no limit is known, and no ceiling is set.</summary>
    private static double? Kept(PaceState state, PaceLimits limits) =>
        state.Rate is null && limits.PerSecond is null
            ? null
            : Math.Max(0.001, Math.Min(state.Rate ?? HighestRate, limits.PerSecond ?? HighestRate));

    private static DateTimeOffset NextSlot(PaceState state, double rate) => state.LastSlot.AddSeconds(1 / rate);

    /// <summary>Calls begun in the last second and not refused.</summary>
    private static double Passed(PaceState state, DateTimeOffset now)
    {
        var (begun, refused) = state.Recent.LastSecond(now);
        return Math.Max(1, begun - refused);
    }

    private static double Bounded(double rate) => Math.Clamp(rate, LowestRate, HighestRate);

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;
}
