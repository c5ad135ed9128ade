using Microsoft.EntityFrameworkCore;

namespace ImageWorker.Storage;

public sealed partial class PostgresContext
{
    public override Task RestartPaceAsync() =>
        Database.ExecuteSqlAsync(
            $"""
            WITH all_calls AS (
                UPDATE submission_pace SET next_at = clock_timestamp() WHERE next_at > clock_timestamp())
            UPDATE tenant_pace SET next_at = clock_timestamp() WHERE next_at > clock_timestamp()
            """
        );

    // By the database's clock, because all workers share it.
    public override async Task<TimeSpan> ReserveSlotsAsync(int count, TimeSpan interval, DateTimeOffset now)
    {
        var waits = await Database
            .SqlQuery<TimeSpan>(
                $"""
                UPDATE submission_pace SET next_at = greatest(next_at, clock_timestamp()) + {interval * count}
                WHERE id = {PaceRow.OnlyId}
                RETURNING next_at - {interval * count} - clock_timestamp() AS "Value"
                """
            )
            .ToListAsync();
        return waits[0];
    }

    public override async Task<bool> TryMovePaceAsync(
        Func<CallPaceRow, DateTimeOffset, string> move,
        DateTimeOffset now
    )
    {
        await using var transaction = await Database.BeginTransactionAsync();
        var seen = await Database
            .SqlQuery<SeenPace>(
                $"""
                SELECT state AS "State", ceiling AS "Ceiling", paused_at AS "PausedAt", pause_reason AS "PauseReason",
                    clock_timestamp() AS "Now"
                FROM call_pace WHERE id = {CallPaceRow.OnlyId} FOR UPDATE SKIP LOCKED
                """
            )
            .ToListAsync();
        if (seen is not [var pace])
            return false;
        var row = new CallPaceRow
        {
            State = pace.State,
            Ceiling = pace.Ceiling,
            PausedAt = pace.PausedAt,
            PauseReason = pace.PauseReason,
        };
        var state = move(row, pace.Now);
        await Database.ExecuteSqlAsync($"UPDATE call_pace SET state = {state} WHERE id = {CallPaceRow.OnlyId}");
        await transaction.CommitAsync();
        return true;
    }

    private sealed record SeenPace(
        string State,
        double? Ceiling,
        DateTimeOffset? PausedAt,
        string? PauseReason,
        DateTimeOffset Now
    );
}
