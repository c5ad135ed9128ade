using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;

namespace ImageWorker.Storage;

/// <summary>
/// Saves units of work in one statement, so in one round trip and one commit, each unit whole or not at all. By
/// statements of EF's own a save took a sixth of the worker's CPU.
/// </summary>
internal static class PostgresSave
{
    private const string Statement = """
        WITH note AS (
            SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8)
            AS note (step_id, id, held, state, provider_id, cost, settled_at, lease_until)),
        held AS (
            SELECT submissions.id FROM submissions JOIN note ON submissions.id = note.id
            WHERE submissions.id = ANY ($2) AND submissions.lease_until = note.held
            FOR UPDATE OF submissions),
        step AS (
            SELECT * FROM unnest($9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)
            AS step (id, note_id, seen_version, state, version, command, trace_parent, requested_at, deadline,
                next_tick_at, close_by, closed_at, reason, errors, images, submissions)
            WHERE note_id IS NULL OR note_id IN (SELECT id FROM held)),
        inserted AS (
            INSERT INTO requests (id, state, version, command, trace_parent, requested_at, deadline, next_tick_at,
                close_by, closed_at, reason, errors, images, submissions)
            SELECT id, state, version, command, trace_parent, requested_at, deadline, next_tick_at,
                close_by, closed_at, reason, errors, images, submissions
            FROM step WHERE seen_version IS NULL
            ON CONFLICT (id) DO NOTHING
            RETURNING id),
        updated AS (
            UPDATE requests SET state = step.state, version = step.version, command = step.command,
                trace_parent = step.trace_parent, requested_at = step.requested_at, deadline = step.deadline,
                next_tick_at = step.next_tick_at, close_by = step.close_by, closed_at = step.closed_at,
                reason = step.reason, errors = step.errors, images = step.images, submissions = step.submissions
            FROM step
            WHERE requests.id = ANY ($9) AND requests.id = step.id AND requests.version = step.seen_version
            RETURNING requests.id),
        saved AS (SELECT id FROM inserted UNION ALL SELECT id FROM updated),
        noted AS (
            UPDATE submissions SET
                state = coalesce(note.state, submissions.state),
                provider_id = coalesce(note.provider_id, submissions.provider_id),
                cost = coalesce(note.cost, submissions.cost),
                settled_at = coalesce(note.settled_at, submissions.settled_at),
                lease_until = coalesce(note.lease_until, submissions.lease_until)
            FROM note
            WHERE submissions.id = ANY ($2) AND submissions.id = note.id
                AND note.id IN (SELECT id FROM held)
                AND (note.step_id IS NULL OR note.step_id IN (SELECT id FROM saved))),
        published AS (
            INSERT INTO outbox (id, message_id, destination, content_type, body, correlation_id, trace_parent,
                claimable_at, attempts)
            SELECT id, message_id, destination, content_type, body, correlation_id, trace_parent, $33, 0
            FROM unnest($25, $26, $27, $28, $29, $30, $31, $32)
            AS event (step_id, id, message_id, destination, content_type, body, correlation_id, trace_parent)
            WHERE step_id IS NULL OR step_id IN (SELECT id FROM saved))
        SELECT id, NULL FROM saved UNION ALL SELECT NULL, id FROM held
        """;

    /// <inheritdoc cref="WorkerContext.Save"/>
    public static async Task<IReadOnlyList<Exception?>> Run(
        WorkerContext db,
        IReadOnlyList<UnitOfWork> units,
        DateTimeOffset claimableAt
    )
    {
        // A statement changes a row once. Always in the same order, so that no two lock each other out.
        var rows = new HashSet<object>();
        var alone = units.Where(unit => IsAlone(unit, rows)).OrderBy(unit => unit.Request?.CorrelationId).ToList();
        var added = alone.AddedIds();
        await using var transaction = added.Count > 0 ? await db.Database.BeginTransactionAsync() : null;
        var (saved, held) = await Execute(db, Parameters(alone, claimableAt));
        if (transaction is not null)
        {
            if (await db.Removed.AnyAsync(entry => added.Contains(entry.RequestId)))
                throw new RequestRemovedException();
            await transaction.CommitAsync();
        }
        return [.. units.Select(End)];

        Exception? End(UnitOfWork unit) =>
            !alone.Contains(unit) ? Overtaken(unit)
            : unit.Ledger is { } note && !held.Contains(note.SubmissionId) ? new ClaimLostException()
            : unit.Change is RowChange.None || saved.Contains(unit.Request!.CorrelationId) ? null
            : Overtaken(unit);
    }

    private static bool IsAlone(UnitOfWork unit, HashSet<object> rows) =>
        (unit.Change is RowChange.None || rows.Add(unit.Request!.CorrelationId))
        && (unit.Ledger is null || rows.Add(unit.Ledger.SubmissionId));

    private static DbUpdateConcurrencyException Overtaken(UnitOfWork unit) =>
        new(
            unit.Change is RowChange.Insert
                ? "The request is there already."
                : "The request was changed by another step."
        );

    /// <summary>The ids of the requests that were saved, and of the submissions that are still held as their notes say.</summary>
    private static async Task<(HashSet<Guid> Saved, HashSet<string> Held)> Execute(
        WorkerContext db,
        IEnumerable<NpgsqlParameter> parameters
    )
    {
        await db.Database.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(Statement, (NpgsqlConnection)db.Database.GetDbConnection());
        command.Parameters.AddRange(parameters.ToArray());
        try
        {
            await using var reader = await command.ExecuteReaderAsync();
            var (saved, held) = (new HashSet<Guid>(), new HashSet<string>(StringComparer.Ordinal));
            while (await reader.ReadAsync())
            {
                if (await reader.IsDBNullAsync(0))
                    held.Add(reader.GetString(1));
                else
                    saved.Add(reader.GetGuid(0));
            }
            return (saved, held);
        }
        catch (PostgresException exception) when (!StepRetries.IsPassing(exception))
        {
            throw new DbUpdateException("The database refuses what is to be saved.", exception);
        }
        finally
        {
            await db.Database.CloseConnectionAsync();
        }
    }

    private static IEnumerable<NpgsqlParameter> Parameters(List<UnitOfWork> units, DateTimeOffset claimableAt)
    {
        var notes = units.Where(unit => unit.Ledger is not null).ToList();
        yield return Column(notes, NeededRow);
        yield return Column(notes, unit => unit.Ledger!.SubmissionId);
        yield return Column(notes, unit => unit.Ledger!.Held);
        // What is not known yet leaves what is.
        yield return Column(notes, unit => unit.Ledger!.LeaseUntil is null ? unit.Ledger.State.ToString() : null);
        yield return Column(notes, unit => unit.Ledger!.ProviderId);
        yield return Column(notes, unit => unit.Ledger!.Cost);
        yield return Column(notes, unit => unit.Ledger!.SettledAt);
        yield return Column(notes, unit => unit.Ledger!.LeaseUntil);

        var steps = units.Where(unit => unit.Change is not RowChange.None).ToList();
        yield return Column(steps, step => step.Request!.CorrelationId);
        yield return Column(steps, step => step.Ledger?.SubmissionId);
        yield return Column(steps, step => step.Change is RowChange.Update ? step.SeenVersion : (int?)null);
        yield return Column(steps, step => step.Request!.State);
        yield return Column(steps, step => step.Request!.Version);
        yield return Json(steps, step => step.Request!.Command, StoredJson.Default.GenerateImages);
        yield return Column(steps, step => step.Request!.TraceParent);
        yield return Column(steps, step => step.Request!.RequestedAt);
        yield return Column(steps, step => step.Request!.Deadline);
        yield return Column(steps, step => step.Request!.NextTickAt);
        yield return Column(steps, step => step.Request!.CloseBy);
        yield return Column(steps, step => step.Request!.ClosedAt);
        yield return Column(steps, step => step.Request!.Reason?.ToString());
        yield return Json(steps, step => step.Request!.Errors, StoredJson.Default.ListRequestError);
        yield return Json(steps, step => step.Request!.Images, StoredJson.Default.ListRequestImage);
        yield return Json(steps, step => step.Request!.Submissions, StoredJson.Default.ListImageSubmission);

        var events = units.SelectMany(unit => unit.Events.Select(message => (Step: NeededRow(unit), message))).ToList();
        yield return Column(events, @event => @event.Step);
        yield return Column(events, @event => @event.message.Id);
        yield return Column(events, @event => @event.message.MessageId);
        yield return Column(events, @event => @event.message.Destination);
        yield return Column(events, @event => @event.message.ContentType);
        yield return Column(events, @event => @event.message.Body);
        yield return Column(events, @event => @event.message.CorrelationId);
        yield return Column(events, @event => @event.message.TraceParent);
        yield return new NpgsqlParameter<DateTimeOffset> { TypedValue = claimableAt };
    }

    /// <summary>The row that must be saved for the rest of the unit to be; null where it changes none.</summary>
    private static Guid? NeededRow(UnitOfWork unit) =>
        unit.Change is RowChange.None ? null : unit.Request!.CorrelationId;

    private static NpgsqlParameter<T[]> Column<TRow, T>(List<TRow> rows, Func<TRow, T> value) =>
        new() { TypedValue = [.. rows.Select(value)] };

    private static NpgsqlParameter<string?[]> Json<TRow, T>(
        List<TRow> rows,
        Func<TRow, T?> value,
        JsonTypeInfo<T> type
    ) =>
        new()
        {
            TypedValue = [.. rows.Select(row => value(row) is { } some ? JsonSerializer.Serialize(some, type) : null)],
            NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Json,
        };
}
