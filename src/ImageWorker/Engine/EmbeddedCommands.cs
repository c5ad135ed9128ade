using System.Net.Mime;
using System.Text.Json;
using ImageWorker.Contracts;
using ImageWorker.Requests;
using ImageWorker.Storage;
using Microsoft.EntityFrameworkCore;

namespace ImageWorker.Engine;

/// <summary>
/// Accepts commands without a broker, by writing them to the file's outbox. There the embedded worker's sweep finds
/// them, in this process or another one.
/// </summary>
public sealed class EmbeddedCommands(Database database, DatabaseState state, TimeProvider time)
{
    private const string GenerateDestination = OutboxDelivery.CommandPrefix + nameof(GenerateImages);

    /// <summary>In one query.</summary>
    private const int MostIds = 500;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Once this returns, the command survives the end of any process.</summary>
    public async Task AcceptAsync<T>(T command, CancellationToken ct)
        where T : class
    {
        // The first process to come makes the file.
        await state.MigrateAsync(ct);
        var id = Guid.CreateVersion7();
        await database.InAsync(db =>
        {
            db.Outbox.Add(
                new()
                {
                    Id = id,
                    MessageId = id,
                    Destination = OutboxDelivery.CommandPrefix + typeof(T).Name,
                    ContentType = MediaTypeNames.Application.Json,
                    Body = JsonSerializer.Serialize(command, JsonSerializerOptions.Web),
                    ClaimableAt = time.GetUtcNow(),
                }
            );
            return db.SaveChangesAsync(ct);
        });
    }

    /// <summary>The commands that no worker has taken yet, and when they came; the oldest first.</summary>
    public Task<List<(GenerateImages Command, DateTimeOffset At)>> WaitingAsync(int limit, CancellationToken ct) =>
        database.InAsync(async db =>
        {
            var messages = await db
                .Outbox.AsNoTracking()
                .Where(message => message.Destination == GenerateDestination)
                .OrderBy(message => message.Id)
                .Take(limit)
                .ToListAsync(ct);
            var waiting = messages.ConvertAll(message =>
                (
                    JsonSerializer.Deserialize<GenerateImages>(message.Body, JsonSerializerOptions.Web)!,
                    message.ClaimableAt
                )
            );
            var ids = waiting.ConvertAll(entry => entry.Item1.RequestId);
            // A worker that is at one has saved its request, and removes the command next.
            var taken = await db
                .Requests.Where(request => ids.Contains(request.CorrelationId))
                .Select(request => request.CorrelationId)
                .ToListAsync(ct);
            waiting.RemoveAll(entry => taken.Contains(entry.Item1.RequestId));
            return waiting;
        });

    /// <summary>The requests with one of these ids that are closed.</summary>
    public async Task<List<ImageRequest>> ClosedAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct)
    {
        var closed = new List<ImageRequest>();
        foreach (var some in ids.Chunk(MostIds))
            closed.AddRange(
                await database.InAsync(db =>
                    db.Requests.AsNoTracking()
                        .Where(row => some.Contains(row.CorrelationId) && row.ClosedAt != null)
                        .ToListAsync(ct)
                )
            );
        return closed;
    }

    /// <summary>
    /// Follows a command's request until it is closed; yields its row after each change, the closed one last. Yields none
    /// if the request is another command's: this one is refused.
    /// </summary>
    public async IAsyncEnumerable<ImageRequest> Watch(
        GenerateImages command,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct
    )
    {
        var version = -1;
        while (true)
        {
            var seen = version;
            var request = await database.InAsync(db =>
                db.Requests.AsNoTracking()
                    .FirstOrDefaultAsync(row => row.CorrelationId == command.RequestId && row.Version > seen, ct)
            );
            if (request is not null)
            {
                if (request.Command?.AsksTheSameAs(command) == false)
                    yield break;
                version = request.Version;
                yield return request;
                if (request.ClosedAt is not null)
                    yield break;
            }
            await Task.Delay(Pause, time, ct);
        }
    }
}
