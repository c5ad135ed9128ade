using System.Collections.Concurrent;
using ImageWorker.Requests;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace ImageWorker.Storage;

/// <summary>
/// Loads and saves for all messages under way. Loads at the same time are one query, saves are one commit. Each message
/// still gets its own result.
/// </summary>
public sealed class RequestStore
{
    private const int BatchSize = 100;
    private const int KeptRows = 10_000;

    private readonly Database _database;
    private readonly TimeProvider _time;
    private readonly TimeSpan _lease;
    private readonly Batcher<Guid, ImageRequest?> _finds;
    private readonly Batcher<UnitOfWork, Exception?> _saves;
    private readonly Batcher<UnitOfWork, Exception?> _lockedSaves;
    private readonly LockedRequests _locked;
    private readonly ConcurrentDictionary<Guid, ImageRequest> _kept = new();

    public RequestStore(
        Database database,
        DatabaseTimeline timeline,
        LockedRequests locked,
        IOptions<DeliveryOptions> options,
        TimeProvider time
    )
    {
        timeline.AfterChange(_kept.Clear);
        (_database, _locked, _time, _lease) = (database, locked, time, options.Value.Lease);
        _finds = new(BatchSize, parallel: 2, FindAllAsync);
        _saves = new(BatchSize, parallel: 2, SaveAllAsync);
        _lockedSaves = new(BatchSize, parallel: 1, SaveUnlockedAsync);
    }

    /// <summary>The request as it is stored; null if there is none.</summary>
    public Task<ImageRequest?> FindAsync(Guid id) => _finds.AddAsync(id);

    /// <summary>The request as this process last saved it, else as stored. Only for a step that always saves.</summary>
    public async Task<ImageRequest?> FindKeptAsync(Guid id) =>
        _kept.TryRemove(id, out var request) ? request : await FindAsync(id);

    /// <summary>
    /// Spares the next <see cref="FindKeptAsync"/> its query. If the row changes first, the save fails.
    /// </summary>
    public void Keep(ImageRequest request)
    {
        // Some rows are never asked for again. Finding them costs more than dropping all.
        if (_kept.Count > KeptRows)
            _kept.Clear();
        _kept[request.CorrelationId] = request;
    }

    /// <summary>Commits a step's unit of work, whole or not at all.</summary>
    /// <exception cref="RequestRemovedException">The request was closed and removed long ago; nothing was saved.</exception>
    /// <exception cref="ClaimLostException">Another process took the submission over; nothing was saved.</exception>
    /// <exception cref="RequestLockedException">Another transaction has locked its rows; nothing was saved.</exception>
    /// <exception cref="DbUpdateException">Another step changed or inserted the row; nothing was saved.</exception>
    public async Task SaveAsync(UnitOfWork unit)
    {
        var saves = unit.Request is { } request && _locked.Has(request.CorrelationId) ? _lockedSaves : _saves;
        if (await saves.AddAsync(unit) is { } failure)
            throw failure;
    }

    private Task<IReadOnlyList<ImageRequest?>> FindAllAsync(IReadOnlyList<Guid> ids) =>
        _database.InAsync<IReadOnlyList<ImageRequest?>>(async db =>
        {
            var found = await db
                .Requests.AsNoTracking()
                .Where(request => ids.Contains(request.CorrelationId))
                .ToListAsync();
            var byId = found.ToDictionary(request => request.CorrelationId);
            var results = new List<ImageRequest?>(ids.Count);
            foreach (var id in ids)
            {
                // Each step gets its own copy, because it may change it.
                results.Add(
                    byId.TryGetValue(id, out var request) && results.Contains(request) ? await AgainAsync(id) : request
                );
            }
            return results;

            Task<ImageRequest?> AgainAsync(Guid id) =>
                db.Requests.AsNoTracking().FirstOrDefaultAsync(request => request.CorrelationId == id);
        });

    private async Task<IReadOnlyList<Exception?>> SaveAllAsync(IReadOnlyList<UnitOfWork> units)
    {
        try
        {
            return await SaveTogetherAsync(units);
        }
        catch (DbUpdateException) when (units.Count > 1)
        {
            // One unit lost a race, or came too late. Saved alone, each unit gets its own result.
            var ends = new List<Exception?>(units.Count);
            foreach (var unit in units)
                ends.Add(await SaveAloneAsync(unit));
            return ends;
        }
        catch (Exception exception) when (StepRetries.IsBlocked(exception))
        {
            var locked = await LockedOfAsync(units);
            return locked.Count == 0 ? [.. units.Select(_ => exception)] : await SaveAllButAsync(locked, units);
        }
    }

    /// <summary>Looks first, so that no step waits for a lock.</summary>
    private async Task<IReadOnlyList<Exception?>> SaveUnlockedAsync(IReadOnlyList<UnitOfWork> units) =>
        await SaveAllButAsync(await LockedOfAsync(units), units);

    private async Task<IReadOnlyList<Exception?>> SaveAllButAsync(
        HashSet<UnitOfWork> locked,
        IReadOnlyList<UnitOfWork> units
    )
    {
        IReadOnlyList<UnitOfWork> others = [.. units.Where(unit => !locked.Contains(unit))];
        var ends = new Queue<Exception?>(others.Count == 0 ? [] : await SaveAllAsync(others));
        return
        [
            .. units.Select(unit =>
                locked.Contains(unit) ? _locked.Refusal(unit.Request?.CorrelationId ?? Guid.Empty) : ends.Dequeue()
            ),
        ];
    }

    private async Task<HashSet<UnitOfWork>> LockedOfAsync(IReadOnlyList<UnitOfWork> units)
    {
        var ids = units.Select(unit => unit.Request?.CorrelationId).OfType<Guid>().ToHashSet();
        var notes = units.Select(unit => unit.Ledger?.SubmissionId).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var rows = await _locked.FindAsync(ids, notes);
        return
        [
            .. units.Where(unit =>
                (unit.Request is { } request && rows.Contains($"{request.CorrelationId}"))
                || (unit.Ledger is { } note && rows.Contains(note.SubmissionId))
            ),
        ];
    }

    private async Task<Exception?> SaveAloneAsync(UnitOfWork unit)
    {
        try
        {
            return (await SaveTogetherAsync([unit]))[0];
        }
        catch (Exception exception)
        {
            return exception;
        }
    }

    private Task<IReadOnlyList<Exception?>> SaveTogetherAsync(IReadOnlyList<UnitOfWork> units) =>
        _database.InAsync(db => db.SaveAsync(units, claimableAt: _time.GetUtcNow() + _lease));
}

/// <summary>A command came for a closed request that was removed: <see cref="RemovedRequest"/>.</summary>
public sealed class RequestRemovedException() : DbUpdateException("The request was closed long ago.");

/// <summary>A call's result came after its lease, and after another process had taken the submission over.</summary>
public sealed class ClaimLostException() : DbUpdateException("Another process took the submission over.");
