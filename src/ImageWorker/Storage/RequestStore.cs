using System.Collections.Concurrent;
using ImageWorker.Requests;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace ImageWorker.Storage;

/// <summary>
/// Loads and saves for all messages under way at once: what they ask for at the same time is one query or one
/// commit. Each still gets an end of its own.
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
    private readonly ConcurrentDictionary<Guid, ImageRequest> _kept = new();

    public RequestStore(Database database, IOptions<DeliveryOptions> options, TimeProvider time)
    {
        (_database, _time, _lease) = (database, time, options.Value.Lease);
        _finds = new(BatchSize, parallel: 2, FindAllAsync);
        _saves = new(BatchSize, parallel: 2, SaveAllAsync);
    }

    /// <summary>The request as it is stored; null where there is none.</summary>
    public Task<ImageRequest?> FindAsync(Guid id) => _finds.AddAsync(id);

    /// <summary>The same or, for a step that saves whatever it finds, as this process last saved it.</summary>
    public async Task<ImageRequest?> FindKeptAsync(Guid id) =>
        _kept.TryRemove(id, out var request) ? request : await FindAsync(id);

    /// <summary>Spares the next <see cref="FindKeptAsync"/> its query. Should the row change meanwhile, its save fails.</summary>
    public void Keep(ImageRequest request)
    {
        // What is never asked for is not worth looking for.
        if (_kept.Count > KeptRows)
            _kept.Clear();
        _kept[request.CorrelationId] = request;
    }

    /// <summary>Commits what a step led to, whole or not at all.</summary>
    /// <exception cref="RequestRemovedException">The request was closed and removed long ago; nothing was saved.</exception>
    /// <exception cref="ClaimLostException">Another process took the submission over; nothing was saved.</exception>
    /// <exception cref="DbUpdateException">The row was changed, or made, by another one; nothing was saved.</exception>
    public async Task SaveAsync(UnitOfWork unit)
    {
        if (await _saves.AddAsync(unit) is { } failure)
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
                // Each gets a copy of its own, since each may change it.
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
            // One of them lost a race, or came too late. Alone, each gets the end that is its own.
            var ends = new List<Exception?>(units.Count);
            foreach (var unit in units)
                ends.Add(await SaveAloneAsync(unit));
            return ends;
        }
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

/// <summary>A command came for a request that was closed and is removed: <see cref="RemovedRequest"/>.</summary>
public sealed class RequestRemovedException() : DbUpdateException("The request was closed long ago.");

/// <summary>What a call ended with came after its lease, and after another process had taken the submission over.</summary>
public sealed class ClaimLostException() : DbUpdateException("Another process took the submission over.");
