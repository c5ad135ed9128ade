using System.CommandLine;
using ImageWorker.Operations;
using ImageWorker.Requests;
using ImageWorker.Submission;

namespace ImageWorker.Commands.Requests;

/// <summary><c>requests show ID</c>: what became of a request, step by step, and what ZPK was asked for.</summary>
internal static class ShowCommand
{
    public static Command Create()
    {
        var id = RequestsCommand.IdArgument();
        var json = RequestsCommand.JsonOption();
        var command = new Command("show", "Show one request: its timeline, images and payment ledger.") { id, json };
        command.SetAction(
            (parsed, ct) =>
                OperatorSession.Run(session => Show(session, parsed.GetValue(id), parsed.GetValue(json), ct), ct)
        );
        return command;
    }

    private static async Task<int> Show(OperatorSession session, Guid id, bool json, CancellationToken ct)
    {
        if (await session.Find(id, ct) is not { } request)
            return await OperatorSession.Unknown(id);
        var ledger = await session.Ledger(id, ct);
        if (json)
            Printed.Json(AsJson(request, ledger));
        else
            Print(request, ledger);
        return CommandLine.Done;
    }

    /// <summary>All that is stored but the prompt, the callers' own to know.</summary>
    private static object AsJson(ImageRequest request, IReadOnlyList<SubmissionEntry> ledger) =>
        new
        {
            id = request.CorrelationId,
            request.State,
            outcome = RequestSummary.OutcomeOf(request.ClosedAt, request.Reason),
            request.RequestedAt,
            request.Deadline,
            dueAt = request.NextTickAt,
            request.ClosedAt,
            cost = RequestSummary.CostOf(request.Submissions),
            request.Errors,
            request.Images,
            request.Submissions,
            ledger,
            timeline = RequestTimeline.Of(request, ledger),
        };

    private static void Print(ImageRequest request, IReadOnlyList<SubmissionEntry> ledger)
    {
        var outcome = RequestSummary.OutcomeOf(request.ClosedAt, request.Reason);
        Console.WriteLine(
            $"request {request.CorrelationId}: {request.State}{(outcome is null ? "" : $", {outcome}")}, {Readable.Cost(RequestSummary.CostOf(request.Submissions))} EUR"
        );
        Printed.Table(
            "Timeline",
            ["When", "What"],
            RequestTimeline
                .Of(request, ledger)
                .Select(entry => (IReadOnlyList<string>)[Readable.Time(entry.At), entry.What])
        );
        Printed.Table(
            "Images",
            ["Image", "State", "Attempts", "Cost, EUR", "Error", "Picture"],
            request.Images.Select(image =>
                (IReadOnlyList<string>)
                    [
                        $"image {image.Number}",
                        $"{image.State}",
                        $"{image.Attempts}",
                        Readable.Cost(request.CostOf(image)),
                        image.ErrorId ?? "",
                        image.Url ?? "",
                    ]
            )
        );
        Printed.Table(
            "Ledger",
            ["Submission", "State", "Started", "Settled", "Calls", "Cost, EUR", "ZPK's id"],
            ledger.Select(entry =>
                (IReadOnlyList<string>)
                    [
                        $"ledger {entry.Id}",
                        $"{entry.State}",
                        Readable.Time(entry.StartedAt),
                        Readable.Time(entry.SettledAt),
                        $"{entry.Calls}",
                        Readable.Cost(entry.Cost),
                        entry.ProviderId ?? "",
                    ]
            )
        );
        Printed.Table(
            "Errors",
            ["Error", "On", "Message"],
            request.Errors.Select(error => (IReadOnlyList<string>)[error.Id, error.On ?? "", error.Message])
        );
    }
}
