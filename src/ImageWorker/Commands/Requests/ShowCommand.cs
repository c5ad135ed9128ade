using System.CommandLine;
using ImageWorker.Operations;
using ImageWorker.Requests;

namespace ImageWorker.Commands.Requests;

/// <summary><c>requests show ID</c>: shows a request's history step by step, and its calls to ZPK.</summary>
internal static class ShowCommand
{
    public static Command Create()
    {
        var id = RequestsCommand.IdArgument();
        var json = RequestsCommand.JsonOption();
        var command = new Command("show", "Show one request: its timeline, images and payment ledger.") { id, json };
        command.SetAction(
            (parsed, ct) =>
                OperatorSession.RunAsync(
                    parsed.GetValue(id),
                    (session, found) => ShowAsync(session, found, parsed.GetValue(json), ct),
                    ct
                )
        );
        return command;
    }

    private static async Task<int> ShowAsync(OperatorSession session, Guid id, bool json, CancellationToken ct)
    {
        if (
            await session.InDatabaseAsync(db => RequestDetails.FindAsync(db, id, session.Time.GetUtcNow(), ct))
            is not { } details
        )
            return await OperatorSession.UnknownAsync(id);
        if (json)
            Printed.Json(AsJson(details));
        else
            Print(details);
        return CommandLine.Done;
    }

    /// <summary>Everything that is stored but the prompt, which belongs to the caller.</summary>
    private static object AsJson(RequestDetails details) =>
        new
        {
            id = details.Request.CorrelationId,
            details.State,
            details.Outcome,
            details.Request.Tenant,
            priority = details.Request.Priority.Word(),
            details.Request.RequestedAt,
            details.Request.Deadline,
            dueAt = details.Turn is null ? details.Request.NextTickAt : null,
            details.Request.WaitingSince,
            details.Turn,
            details.Request.ClosedAt,
            details.Cost,
            details.Request.Errors,
            details.Request.Images,
            details.Request.Submissions,
            details.Request.Webhook,
            details.Ledger,
            details.Timeline,
        };

    private static void Print(RequestDetails details)
    {
        Console.WriteLine(
            $"request {details.Request.CorrelationId}: {details.State}{(details.Outcome is null ? "" : $", {details.Outcome}")}, {Readable.Cost(details.Cost)} EUR"
        );
        if (details.Turn is { } turn)
            Console.WriteLine($"it {turn.Say(details.Request.Tenant)}");
        foreach (var table in details.Tables())
            Printed.Table(table.Title, table.Columns, table.Rows);
    }
}
