namespace ImageWorker.Pacing;

/// <summary>Divides among the workers what is for all of them, so that none starves.</summary>
internal static class PaceSharing
{
    private static readonly TimeSpan Silent = TimeSpan.FromSeconds(2);

    /// <summary>How many waiting workers have had fewer slots than this one. They are served first.</summary>
    public static int WaitBefore(PaceState state, PaceWorker worker, DateTimeOffset now) =>
        Waiting(state, now).Count(other => other.Taken < worker.Taken);

    /// <summary>Where a worker starts that did not wait until now: it has no claim to what others had meanwhile.</summary>
    public static long LeastTaken(PaceState state, DateTimeOffset now) =>
        Waiting(state, now).Select(other => other.Taken).DefaultIfEmpty().Min();

    private static IEnumerable<PaceWorker> Waiting(PaceState state, DateTimeOffset now) =>
        state.Workers.Values.Where(worker => worker.Wanted > 0 && now - worker.Seen < Silent);

    /// <summary>
    /// How many calls a worker may have under way: an equal share, or more if the others need less. What others hold is
    /// never given away before they give it back. Null: no ceiling.
    /// </summary>
    public static int? Hold(PaceState state, Guid id, int? ceiling, DateTimeOffset now)
    {
        var worker = state.Workers[id];
        worker.Holds = worker.UnderWay;
        if (ceiling is not { } all)
            return null;
        var free = all - state.Workers.Values.Where(other => other != worker).Sum(other => other.Holds);
        var granted = Math.Clamp(ShareOf(state, id, all, now), 0, Math.Max(0, free));
        worker.Holds = Math.Max(worker.UnderWay, granted);
        return granted;
    }

    private static int ShareOf(PaceState state, Guid id, int all, DateTimeOffset now)
    {
        // What cannot be divided goes to another worker each second.
        var ids = state.Workers.Keys.Order().ToList();
        var turn = (int)(now.ToUnixTimeSeconds() % ids.Count);
        var needs = ids.Skip(turn)
            .Concat(ids.Take(turn))
            .Select(each => (Id: each, Need: Need(state.Workers[each])))
            .ToList();
        var level = 0;
        while (true)
        {
            var above = needs.Where(each => each.Need > level).ToList();
            var left = all - needs.Sum(each => Math.Min(each.Need, level));
            if (above.Count > 0 && left >= above.Count)
                level += left / above.Count;
            else
                return Math.Min(Need(state.Workers[id]), level) + (above.Take(left).Any(each => each.Id == id) ? 1 : 0);
        }
    }

    private static int Need(PaceWorker worker) =>
        (int)Math.Min((long)worker.Wanted + worker.UnderWay, int.MaxValue / 1000);
}
