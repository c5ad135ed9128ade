using ImageWorker.ZpkSimulator.Api;

namespace ImageWorker.ZpkSimulator.Limits;

/// <summary>The limits in force. A call must be let through by all that concern it, and uses them up together.</summary>
internal sealed class LimitBoard(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly long _start = time.GetTimestamp();
    private volatile InForce _limits = new([]);

    public IReadOnlyList<LimitState> States
    {
        get
        {
            lock (_gate)
                return [.. _limits.All.Select(limit => limit.State)];
        }
    }

    /// <summary>Lifts all limits and puts these in force; calls under way count for none of them.</summary>
    /// <exception cref="FormatException">One of the texts is not a limit; nothing has changed.</exception>
    public void Replace(IEnumerable<string> texts) => _limits = new([.. texts.Select(Limit.Parse)]);

    public Limit[] Concerning(Endpoints endpoint) =>
        endpoint == Endpoints.Generate ? _limits.OfGenerate : _limits.OfCheck;

    /// <summary>The limit that refuses a call; null if all let it through, and are then to be told of its end.</summary>
    public Limit? Enter(Limit[] limits)
    {
        if (limits.Length == 0)
            return null;
        lock (_gate)
        {
            var now = time.GetElapsedTime(_start);
            foreach (var limit in limits)
            {
                if (!limit.Allows(now))
                    return limit;
            }
            foreach (var limit in limits)
                limit.Take(now);
            return null;
        }
    }

    public void Leave(Limit[] limits)
    {
        lock (_gate)
        {
            foreach (var limit in limits)
                limit.Release();
        }
    }

    private sealed class InForce(Limit[] all)
    {
        public Limit[] All => all;

        public Limit[] OfGenerate { get; } = [.. all.Where(limit => limit.Concerns(Endpoints.Generate))];

        public Limit[] OfCheck { get; } = [.. all.Where(limit => limit.Concerns(Endpoints.Check))];
    }
}
