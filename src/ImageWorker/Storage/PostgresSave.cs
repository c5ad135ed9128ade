using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;

namespace ImageWorker.Storage;

/// <summary>
/// Saves units of work in one statement, so in one round trip and one commit. Each unit is saved whole or not at all.
/// With EF's own statements a save took a sixth of the worker's CPU.
/// </summary>
internal static class PostgresSave
{
    /// <summary>What a note says of its submission. A null leaves the ledger's value as it is.</summary>
    private static readonly Column<UnitOfWork>[] Noted =
    [
        Of("state", unit => unit.Ledger!.LeaseUntil is null ? unit.Ledger.State.ToString() : null),
        Of("provider_id", unit => unit.Ledger!.ProviderId),
        Of("cost", unit => unit.Ledger!.Cost),
        Of("settled_at", unit => unit.Ledger!.SettledAt),
        Of("lease_until", unit => unit.Ledger!.LeaseUntil),
    ];

    /// <summary>A request's row but for its id. A new column is one line here, and a migration.</summary>
    private static readonly Column<UnitOfWork>[] Row =
    [
        Of("state", step => step.Request!.State),
        Of("version", step => step.Request!.Version),
        Json("command", step => step.Request!.Command, StoredJson.Default.GenerateImages),
        Of("trace_parent", step => step.Request!.TraceParent),
        Of("trace_state", step => step.Request!.TraceState),
        Of("requested_at", step => step.Request!.RequestedAt),
        Of("tenant", step => step.Request!.Tenant),
        Of("priority", step => (short)step.Request!.Priority),
        Of("waiting_since", step => step.Request!.WaitingSince),
        Of("model", step => step.Request!.Model),
        Of("metadata_value", step => step.Request!.MetadataValue),
        Of("cost", step => step.Request!.Cost),
        Of("image_errors", step => step.Request!.ImageErrors),
        Of("deadline", step => step.Request!.Deadline),
        Of("next_tick_at", step => step.Request!.NextTickAt),
        Of("close_by", step => step.Request!.CloseBy),
        Of("closed_at", step => step.Request!.ClosedAt),
        Of("reason", step => step.Request!.Reason?.ToString()),
        Json("errors", step => step.Request!.Errors, StoredJson.Default.ListRequestError),
        Json("warnings", step => step.Request!.Warnings, StoredJson.Default.ListRequestWarning),
        Json("askers", step => step.Request!.Askers, StoredJson.Default.ListAsker),
        Json("webhook", step => step.Request!.Webhook, StoredJson.Default.WebhookOutcome),
        Json("images", step => step.Request!.Images, StoredJson.Default.ListRequestImage),
        Json("submissions", step => step.Request!.Submissions, StoredJson.Default.ListImageSubmission),
    ];

    /// <summary>An event's row in the outbox.</summary>
    private static readonly Column<StepEvent>[] Published =
    [
        Of("id", (StepEvent @event) => @event.Message.Id),
        Of("message_id", (StepEvent @event) => @event.Message.MessageId),
        Of("destination", (StepEvent @event) => @event.Message.Destination),
        Of("content_type", (StepEvent @event) => @event.Message.ContentType),
        Of("body", (StepEvent @event) => @event.Message.Body),
        Of("correlation_id", (StepEvent @event) => @event.Message.CorrelationId),
        Of("trace_parent", (StepEvent @event) => @event.Message.TraceParent),
        Of("trace_state", (StepEvent @event) => @event.Message.TraceState),
    ];

    private static readonly Column<UnitOfWork>[] Notes =
    [
        Of("step_id", NeededRow),
        Of("id", unit => unit.Ledger!.SubmissionId),
        Of("held", unit => unit.Ledger!.Held),
        .. Noted,
    ];

    private static readonly Column<UnitOfWork>[] Steps =
    [
        Of("id", step => step.Request!.CorrelationId),
        Of("note_id", step => step.Ledger?.SubmissionId),
        Of("seen_version", step => step.Change is RowChange.Update ? step.SeenVersion : (int?)null),
        .. Row,
    ];

    private static readonly Column<StepEvent>[] Events =
    [
        Of("step_id", (StepEvent @event) => @event.Step),
        .. Published,
    ];

    /// <summary>What closed requests add to the sums of costs.</summary>
    private static readonly Column<UnitOfWork>[] Closings =
    [
        Of("step_id", NeededRow),
        Of("day", unit => unit.Closed!.Day),
        Of("model", unit => unit.Closed!.Model),
        Of("quality", unit => unit.Closed!.Quality),
        Of("tenant", unit => unit.Closed!.Tenant),
        Of("outcome", unit => unit.Closed!.Outcome),
        Of("images", unit => unit.Closed!.Images),
        Of("cost", unit => unit.Closed!.Cost),
        Of("wasted", unit => unit.Closed!.Wasted),
        Of("unknown", unit => unit.Closed!.IsUnknown),
    ];

    /// <summary>
    /// The row of a sum that a session adds to. No two batches of a session are under way at once, and neighbours have
    /// different ones.
    /// </summary>
    private static readonly string Slot = $"1 + pg_backend_pid() % {CostRow.Slots}";

    private static readonly string Statement = $"""
        WITH note AS (
            SELECT * FROM unnest({Places(1, Notes.Length)}) AS note ({Names(Notes)})),
        held AS (
            SELECT submissions.id FROM submissions JOIN note ON submissions.id = note.id
            WHERE submissions.id = ANY ($2) AND submissions.lease_until = note.held
            FOR UPDATE OF submissions),
        step AS (
            SELECT * FROM unnest({Places(1 + Notes.Length, Steps.Length)}) AS step ({Names(Steps)})
            WHERE note_id IS NULL OR note_id IN (SELECT id FROM held)),
        inserted AS (
            INSERT INTO requests (id, {Names(Row)}) SELECT id, {Names(Row)}
            FROM step WHERE seen_version IS NULL
            ON CONFLICT (id) DO NOTHING
            RETURNING id),
        updated AS (
            UPDATE requests SET {Each(Row, name => $"{name} = step.{name}")}
            FROM step
            WHERE requests.id = ANY (${1 + Notes.Length}) AND requests.id = step.id
                AND requests.version = step.seen_version
            RETURNING requests.id),
        saved AS (SELECT id FROM inserted UNION ALL SELECT id FROM updated),
        noted AS (
            UPDATE submissions SET {Each(Noted, name => $"{name} = coalesce(note.{name}, submissions.{name})")}
            FROM note
            WHERE submissions.id = ANY ($2) AND submissions.id = note.id
                AND note.id IN (SELECT id FROM held)
                AND (note.step_id IS NULL OR note.step_id IN (SELECT id FROM saved))),
        published AS (
            INSERT INTO outbox ({Names(Published)}, claimable_at, attempts)
            SELECT {Names(Published)}, ${1 + Notes.Length + Steps.Length + Events.Length}, 0
            FROM unnest({Places(1 + Notes.Length + Steps.Length, Events.Length)}) AS event ({Names(Events)})
            WHERE step_id IS NULL OR step_id IN (SELECT id FROM saved)),
        closing AS (
            SELECT * FROM unnest({Places(2 + Notes.Length + Steps.Length + Events.Length, Closings.Length)})
                AS closing ({Names(Closings)})
            WHERE step_id IN (SELECT id FROM saved)),
        counted AS (
            {AddCosts("closing", Slot, "count(*)", "count(*) FILTER (WHERE unknown)")})
        SELECT id, NULL FROM saved UNION ALL SELECT NULL, id FROM held
        """;

    /// <summary>
    /// Fails, and all that goes with it, if an inserted request was removed before: its insert waited for that. In the
    /// same round trip, but as a statement of its own it sees what was committed meanwhile.
    /// </summary>
    private const string NoneRemoved = "SELECT 1 / (NOT EXISTS (SELECT FROM inbox WHERE request_id = ANY ($1)))::int";

    /// <inheritdoc cref="WorkerContext.SaveAsync"/>
    public static async Task<IReadOnlyList<Exception?>> RunAsync(
        WorkerContext db,
        IReadOnlyList<UnitOfWork> units,
        DateTimeOffset claimableAt
    )
    {
        // A statement changes a row only once. The order is always the same, so no two lock each other out.
        var rows = new HashSet<object>();
        var alone = units.Where(unit => IsAlone(unit, rows)).OrderBy(unit => unit.Request?.CorrelationId).ToList();
        var (saved, held) = await ExecuteAsync(db, Parameters(alone, claimableAt), alone.AddedIds());
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

    /// <summary>The ids of the saved requests, and of the submissions that are still held as their notes say.</summary>
    private static async Task<(HashSet<Guid> Saved, HashSet<string> Held)> ExecuteAsync(
        WorkerContext db,
        IEnumerable<NpgsqlParameter> parameters,
        List<Guid> added
    )
    {
        await db.Database.OpenConnectionAsync();
        await using var batch = new NpgsqlBatch((NpgsqlConnection)db.Database.GetDbConnection());
        batch.BatchCommands.Add(Command(Statement, parameters));
        if (added.Count > 0)
            batch.BatchCommands.Add(Command(NoneRemoved, [new NpgsqlParameter<Guid[]> { TypedValue = [.. added] }]));
        try
        {
            await using var reader = await batch.ExecuteReaderAsync();
            var (saved, held) = (new HashSet<Guid>(), new HashSet<string>(StringComparer.Ordinal));
            while (await reader.ReadAsync())
            {
                if (await reader.IsDBNullAsync(0))
                    held.Add(reader.GetString(1));
                else
                    saved.Add(reader.GetGuid(0));
            }
            await reader.NextResultAsync();
            return (saved, held);
        }
        catch (PostgresException exception) when (exception.SqlState is PostgresErrorCodes.DivisionByZero)
        {
            throw new RequestRemovedException();
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

    private static NpgsqlBatchCommand Command(string statement, IEnumerable<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlBatchCommand(statement);
        command.Parameters.AddRange(parameters.ToArray());
        return command;
    }

    private static IEnumerable<NpgsqlParameter> Parameters(List<UnitOfWork> units, DateTimeOffset claimableAt)
    {
        var notes = units.Where(unit => unit.Ledger is not null).ToList();
        var steps = units.Where(unit => unit.Change is not RowChange.None).ToList();
        var events = units
            .SelectMany(unit => unit.Events.Select(message => new StepEvent(NeededRow(unit), message)))
            .ToList();
        var closings = units.Where(unit => unit.Closed is not null).ToList();
        return
        [
            .. Notes.Select(column => column.Of(notes)),
            .. Steps.Select(column => column.Of(steps)),
            .. Events.Select(column => column.Of(events)),
            new NpgsqlParameter<DateTimeOffset> { TypedValue = claimableAt },
            .. Closings.Select(column => column.Of(closings)),
        ];
    }

    /// <summary>
    /// SQL that adds rows to the sums of costs. They come after the requests and in the same order everywhere, so no two
    /// statements lock each other out.
    /// </summary>
    internal static string AddCosts(string from, string slot, string requests, string unknown)
    {
        const string Key = "day, model, quality, tenant, outcome";
        return $"""
            INSERT INTO costs ({Key}, slot, requests, images, cost, wasted, unknown)
                SELECT {Key}, {slot}, {requests}, sum(images), sum(cost), sum(wasted), {unknown}
                FROM {from} GROUP BY {Key} ORDER BY {Key}
                ON CONFLICT ({Key}, slot) DO UPDATE SET
                    requests = costs.requests + excluded.requests, images = costs.images + excluded.images,
                    cost = costs.cost + excluded.cost, wasted = costs.wasted + excluded.wasted,
                    unknown = costs.unknown + excluded.unknown
            """;
    }

    /// <summary>The request that must be saved, or nothing of the unit is; null if the unit changes none.</summary>
    private static Guid? NeededRow(UnitOfWork unit) =>
        unit.Change is RowChange.None ? null : unit.Request!.CorrelationId;

    private static string Places(int first, int count) =>
        string.Join(", ", Enumerable.Range(first, count).Select(place => $"${place}"));

    private static string Names<TRow>(Column<TRow>[] columns) => Each(columns, name => name);

    private static string Each<TRow>(Column<TRow>[] columns, Func<string, string> text) =>
        string.Join(", ", columns.Select(column => text(column.Name)));

    private static Column<UnitOfWork> Of<T>(string name, Func<UnitOfWork, T> value) => Of<UnitOfWork, T>(name, value);

    private static Column<TRow> Of<TRow, T>(string name, Func<TRow, T> value) =>
        new(name, rows => new NpgsqlParameter<T[]> { TypedValue = [.. rows.Select(value)] });

    private static Column<UnitOfWork> Json<T>(string name, Func<UnitOfWork, T?> value, JsonTypeInfo<T> type) =>
        new(
            name,
            rows => new NpgsqlParameter<string?[]>
            {
                TypedValue =
                [
                    .. rows.Select(row => value(row) is { } some ? JsonSerializer.Serialize(some, type) : null),
                ],
                NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Json,
            }
        );

    /// <summary>A column of a table in the statement's parameters: its name, and its values as one array.</summary>
    private sealed record Column<TRow>(string Name, Func<List<TRow>, NpgsqlParameter> Of);

    /// <summary>An event, and the request that must be saved, or the event is not published.</summary>
    private sealed record StepEvent(Guid? Step, OutboxMessage Message);
}
