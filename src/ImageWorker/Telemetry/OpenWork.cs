using System.Buffers.Binary;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using ImageWorker.Requests;
using ImageWorker.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace ImageWorker.Telemetry;

/// <summary>
/// Counts the open work in the database, for gauges. It reads when somebody asks, at most every 15 s. While the
/// database cannot be read, the gauges show nothing instead of old values.
/// </summary>
public sealed class OpenWork(Database database, IOptions<TenantOptions> tenants, TimeProvider time)
{
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(15);

    /// <summary>The longest that a scrape waits: a database that is away must not cost the other metrics.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private Task<OpenWorkCounts?> _reading = Task.FromResult<OpenWorkCounts?>(null);
    private DateTimeOffset _readAt = DateTimeOffset.MinValue;

    public IEnumerable<Measurement<long>> ByState() =>
        Current()
            ?.ByState.Select(state => new Measurement<long>(
                state.Value,
                new KeyValuePair<string, object?>("state", state.Key)
            ))
        ?? [];

    /// <summary>Requests that wait for their first turns.</summary>
    public IEnumerable<Measurement<long>> Waiting() => Waiting(lines => (long)lines.Sum(line => line.Count));

    /// <summary>How long the first of them has waited.</summary>
    public IEnumerable<Measurement<double>> LongestWait() =>
        Waiting(lines =>
            lines.Select(line => Math.Max((time.GetUtcNow() - line.Since).TotalSeconds, 0)).DefaultIfEmpty().Max()
        );

    public IEnumerable<Measurement<long>> Unresolved() => One(Current()?.Unresolved);

    public IEnumerable<Measurement<long>> Undelivered() => One(Current()?.Undelivered);

    public IEnumerable<Measurement<double>> OldestUndelivered() => One(Current()?.OldestUndelivered.TotalSeconds);

    /// <summary>One value for each priority, and for each tenant that is named in the settings.</summary>
    private IEnumerable<Measurement<T>> Waiting<T>(Func<IEnumerable<WaitingLine>, T> what)
        where T : struct
    {
        if (Current() is not { Waiting: var lines })
            yield break;
        foreach (var priority in Enum.GetValues<RequestPriority>())
        {
            foreach (var tenant in tenants.Value.Labels)
            {
                var labels = new TagList { { "priority", priority.Word() } };
                if (tenant is not null)
                    labels.Add("tenant", tenant);
                var counted = lines.Where(line =>
                    line.Priority == priority && tenants.Value.LabelOf(line.Tenant) == tenant
                );
                yield return new(what(counted), labels);
            }
        }
    }

    /// <summary>Reads the counts now.</summary>
    public Task<OpenWorkCounts> ReadAsync(CancellationToken ct) => database.InAsync(db => ReadAsync(db, ct));

    private async Task<OpenWorkCounts> ReadAsync(WorkerContext db, CancellationToken ct)
    {
        var now = time.GetUtcNow();

        // Requests with a timer: an index holds just those.
        var byState = await db
            .Requests.Where(request => request.NextTickAt != null)
            .GroupBy(request => request.State)
            .Select(state => new { state.Key, Count = state.LongCount() })
            .ToDictionaryAsync(state => state.Key, state => state.Count, StringComparer.Ordinal, ct);
        foreach (var state in RequestStates.Open)
            byState.TryAdd(state, 0);

        var waiting = await WaitingLine.ReadAsync(db, ct);
        var unresolved = await db.Submissions.LongCountAsync(
            entry => entry.State == LedgerState.Started && entry.LeaseUntil < now,
            ct
        );
        var undelivered = await db.Outbox.LongCountAsync(ct);
        var oldest =
            undelivered == 0
                ? (Guid?)null
                : await db
                    .Outbox.OrderBy(message => message.Id)
                    .Select(message => (Guid?)message.Id)
                    .FirstOrDefaultAsync(ct);
        return new(byState, waiting, unresolved, undelivered, oldest is { } id ? AgeOf(id, now) : TimeSpan.Zero);
    }

    private OpenWorkCounts? Current()
    {
        lock (_gate)
        {
            if (time.GetUtcNow() - _readAt >= Freshness && _reading.IsCompleted)
            {
                _readAt = time.GetUtcNow();
                _reading = Task.Run(ReadOrNothingAsync);
            }
            // Callbacks read the instruments one after the other, and cannot await. All of them together wait once.
            var left = _readAt + Patience - time.GetUtcNow();
            return _reading.Wait(left > TimeSpan.Zero ? left : TimeSpan.Zero) ? _reading.Result : null;
        }
    }

    private async Task<OpenWorkCounts?> ReadOrNothingAsync()
    {
        try
        {
            return await ReadAsync(CancellationToken.None);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // Readiness says so. The code that waits for the database logs it.
            return null;
        }
    }

    /// <summary>An outbox row's id is a UUID of version 7: it begins with its creation time in milliseconds.</summary>
    private static TimeSpan AgeOf(Guid id, DateTimeOffset now)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        var age = now - DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(bytes) >>> 16);
        return age > TimeSpan.Zero ? age : TimeSpan.Zero;
    }

    private static IEnumerable<Measurement<T>> One<T>(T? value)
        where T : struct => value is { } known ? [new(known)] : [];
}

/// <summary>How much is open.</summary>
/// <param name="ByState">Open requests by state.</param>
/// <param name="Waiting">Those of them that wait for their first turns.</param>
/// <param name="Unresolved">Submissions that ZPK may have accepted and charged, and nobody works on.</param>
/// <param name="Undelivered">Messages in the outbox.</param>
/// <param name="OldestUndelivered">The age of the oldest of them.</param>
public sealed record OpenWorkCounts(
    IReadOnlyDictionary<string, long> ByState,
    IReadOnlyList<WaitingLine> Waiting,
    long Unresolved,
    long Undelivered,
    TimeSpan OldestUndelivered
);
