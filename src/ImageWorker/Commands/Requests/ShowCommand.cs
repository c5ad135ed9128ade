using System.CommandLine;
using ImageWorker.Operations;

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
            Printed.Json(details.AsJson());
        else
            Print(details);
        return CommandLine.Done;
    }

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
