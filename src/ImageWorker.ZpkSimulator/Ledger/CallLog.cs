using System.Runtime.InteropServices;
using ImageWorker.ZpkSimulator.Api;

namespace ImageWorker.ZpkSimulator.Ledger;

/// <summary>How many calls came, in all and by second since the first one; the last hour's seconds are kept.</summary>
internal sealed class CallLog(TimeProvider time)
{
    private const int Kept = 3600;

    private readonly Lock _gate = new();
    private readonly CallSums[] _seconds = new CallSums[Kept];
    private CallSums _total;
    private DateTimeOffset? _since;
    private long _start;
    private long _last;

    public CallSums Total
    {
        get
        {
            lock (_gate)
                return _total;
        }
    }

    /// <summary>A call has come. <paramref name="limited"/>: a limit refused it.</summary>
    public void Note(Endpoints endpoint, bool limited)
    {
        lock (_gate)
        {
            if (_since is null)
                Begin();
            var second = (long)time.GetElapsedTime(_start).TotalSeconds;
            for (var skipped = Math.Max(_last + 1, second - Kept + 1); skipped <= second; skipped++)
                _seconds[skipped % Kept] = default;
            _last = Math.Max(_last, second);
            _seconds[_last % Kept].Add(endpoint, limited);
            _total.Add(endpoint, limited);
        }
    }

    public CallsReport Read()
    {
        lock (_gate)
        {
            var first = Math.Max(0, _last - Kept + 1);
            var count = _since is null ? 0 : (int)(_last - first + 1);
            return new(
                _since,
                [.. Enumerable.Range(0, count).Select(offset => _seconds[(first + offset) % Kept].Of(first + offset))]
            );
        }
    }

    public void Clear()
    {
        lock (_gate)
            (_since, _total) = (null, default);
    }

    private void Begin()
    {
        (_since, _start, _last) = (time.GetUtcNow(), time.GetTimestamp(), 0);
        _seconds[0] = default;
    }
}

/// <summary>Calls by what they asked for and whether a limit refused them.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct CallSums
{
    public long Generate;
    public long Check;
    public long GenerateLimited;
    public long CheckLimited;

    public void Add(Endpoints endpoint, bool limited)
    {
        switch (endpoint, limited)
        {
            case (Endpoints.Generate, false):
                Generate++;
                break;
            case (Endpoints.Generate, true):
                GenerateLimited++;
                break;
            case (_, false):
                Check++;
                break;
            default:
                CheckLimited++;
                break;
        }
    }

    public readonly CallsOfSecond Of(long second) => new(second, Generate, Check, GenerateLimited, CheckLimited);
}

/// <summary>What <c>GET /_calls</c> answers: calls by second, for plots.</summary>
/// <param name="Since">When the first call came; null if none did.</param>
/// <param name="Seconds">Up to the second of the latest call, the last 3,600 of them; seconds without a call too.</param>
public sealed record CallsReport(DateTimeOffset? Since, IReadOnlyList<CallsOfSecond> Seconds);

/// <summary>The calls of one second.</summary>
/// <param name="Second">0 for the one that the first call began.</param>
/// <param name="Generate">Generate calls that no limit refused, whatever then became of them.</param>
/// <param name="Check">The same of check-status.</param>
/// <param name="GenerateLimited">Generate calls that a limit refused.</param>
/// <param name="CheckLimited">The same of check-status.</param>
public sealed record CallsOfSecond(long Second, long Generate, long Check, long GenerateLimited, long CheckLimited);
