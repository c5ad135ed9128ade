using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;

namespace ImageWorker.Storage;

/// <summary>
/// The requests whose rows another transaction holds locked, as a forgotten one can for hours. Their steps are kept
/// apart, so that no other request waits with them.
/// </summary>
public sealed partial class LockedRequests(Database database, TimeProvider time, ILogger<LockedRequests> logger)
{
    private const int Kept = 10_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<Guid, Wait> _waits = new();

    /// <summary>True if the request was locked when somebody looked last.</summary>
    public bool Has(Guid requestId) => _waits.ContainsKey(requestId);

    /// <summary>What a step is told that has met the lock on its request.</summary>
    public RequestLockedException Refusal(Guid requestId) =>
        new(_waits.TryGetValue(requestId, out var wait) && wait.IsSaid);

    /// <summary>Looks which of these rows are locked now, and waits for none. Says once which ones stay locked.</summary>
    /// <param name="requestIds">The requests that somebody wants to write.</param>
    /// <param name="submissionIds">Their submissions in the ledger.</param>
    public async Task<IReadOnlySet<string>> FindAsync(
        IReadOnlyCollection<Guid> requestIds,
        IReadOnlyCollection<string> submissionIds
    )
    {
        var locks = await database.InAsync(db => db.LockedAsync(requestIds, submissionIds));
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (var row in locks)
        {
            found.Add(row.Id);
            Note(row);
        }
        foreach (var id in requestIds)
        {
            if (!locks.Exists(row => row.RequestId == id) && _waits.TryRemove(id, out var wait) && wait.IsSaid)
                Log.Free(logger, id);
        }
        return found;
    }

    private void Note(LockedRow row)
    {
        // Some are never asked for again, because another process has closed them.
        if (_waits.Count > Kept)
            _waits.Clear();
        var now = time.GetTimestamp();
        var wait = _waits.AddOrUpdate(
            row.RequestId,
            _ => NewWait(),
            (_, known) =>
                string.Equals(known.Transaction, row.Transaction, StringComparison.Ordinal) ? known : NewWait()
        );
        var waited = time.GetElapsedTime(wait.Since, now);
        if (!wait.IsSaid && waited > Patience && _waits.TryUpdate(row.RequestId, wait with { IsSaid = true }, wait))
            Log.Locked(logger, row.RequestId, waited.TotalSeconds, row.Pid?.ToString() ?? "unknown");

        Wait NewWait() => new(row.Transaction, FirstMet(row.Transaction) ?? now, IsSaid: false);
    }

    /// <summary>When a transaction's locks were met first, whatever request they were on; null if never.</summary>
    private long? FirstMet(string transaction) =>
        _waits
            .Values.Where(wait => string.Equals(wait.Transaction, transaction, StringComparison.Ordinal))
            .Min(wait => (long?)wait.Since);

    /// <summary>A lock that a request waits for.</summary>
    /// <param name="Transaction">The transaction that holds it.</param>
    /// <param name="Since">When that transaction's locks were met first, by the monotonic counter.</param>
    /// <param name="IsSaid">True if the log has it.</param>
    private sealed record Wait(string Transaction, long Since, bool IsSaid);

    private static partial class Log
    {
        [LoggerMessage(
            1,
            LogLevel.Warning,
            "Request {RequestId} waits: for {Waited:F0} s another transaction has held a lock on its rows (PostgreSQL process {Pid}). It goes on once that transaction ends; other requests do not wait"
        )]
        public static partial void Locked(ILogger logger, Guid requestId, double waited, string pid);

        [LoggerMessage(2, LogLevel.Information, "Request {RequestId} goes on: the lock on its rows is gone")]
        public static partial void Free(ILogger logger, Guid requestId);
    }
}

/// <summary>Another transaction holds locks on the request's rows. Nothing was saved; later it may be.</summary>
/// <param name="isLong">True if that has been so for some time, so that nobody should wait for its end.</param>
public sealed class RequestLockedException(bool isLong)
    : DbUpdateConcurrencyException("Another transaction holds a lock on the request's rows.")
{
    public bool IsLong => isLong;
}
