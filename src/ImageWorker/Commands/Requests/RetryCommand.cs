using System.CommandLine;
using ImageWorker.Contracts;
using ImageWorker.Requests;
using Microsoft.EntityFrameworkCore;

namespace ImageWorker.Commands.Requests;

/// <summary>
/// <c>requests retry ID</c>: makes an open request do now what it waits for, and asks for a failed one again, under a
/// new id.
/// </summary>
internal static class RetryCommand
{
    private const int Attempts = 10;

    public static Command Create()
    {
        var id = RequestsCommand.IdArgument();
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what would be done, and do nothing." };
        var payAgain = new Option<bool>("--may-pay-again")
        {
            Description = "Also where ZPK may have accepted, and charged, a submission of which nothing is known.",
        };
        var json = RequestsCommand.JsonOption();
        var command = new Command(
            "retry",
            "Have an open request do now what it waits for; ask again, under a new id, for one that failed."
        )
        {
            id,
            dryRun,
            payAgain,
            json,
        };
        command.SetAction(
            (parsed, ct) =>
                OperatorSession.RunAsync(
                    parsed.GetValue(id),
                    async (session, found) =>
                    {
                        var asked = new Asked(
                            found,
                            parsed.GetValue(dryRun),
                            parsed.GetValue(payAgain),
                            parsed.GetValue(json)
                        );
                        return await session.FindAsync(asked.Id, ct) is { } request
                            ? await RetryAsync(session, request, asked, ct)
                            : await OperatorSession.UnknownAsync(asked.Id);
                    },
                    ct
                )
        );
        return command;
    }

    private static Task<int> RetryAsync(
        OperatorSession session,
        ImageRequest request,
        Asked asked,
        CancellationToken ct
    ) =>
        request switch
        {
            { Command: null } => OperatorSession.FailAsync(
                $"request {asked.Id} was cancelled before its command came: there is nothing to retry."
            ),
            { ClosedAt: null } when request.IsWaiting() => OperatorSession.FailAsync(
                $"request {asked.Id} waits for its turn: there is nothing to hurry up. 'requests show' says what is before it."
            ),
            { ClosedAt: null } => HurryUpAsync(session, asked, ct),
            { Reason: null } => OperatorSession.FailAsync(
                $"request {asked.Id} is closed and has images: there is nothing to retry. Publish a new command for more."
            ),
            { Reason: FailureReason.SubmissionUnresolved } when !asked.PayAgain => OperatorSession.FailAsync(
                $"request {asked.Id} has a submission that ZPK may have charged. Look it up at ZPK, then use --may-pay-again."
            ),
            _ => AskAgainAsync(session, request, asked, ct),
        };

    private static async Task<int> HurryUpAsync(OperatorSession session, Asked asked, CancellationToken ct)
    {
        for (var attempt = 1; !asked.DryRun; attempt++)
        {
            try
            {
                var isOpen = await session.InDatabaseAsync(async db =>
                {
                    var row = await db.Requests.FirstOrDefaultAsync(
                        r => r.CorrelationId == asked.Id && r.ClosedAt == null,
                        ct
                    );
                    row?.HurryUp(session.Time.GetUtcNow());
                    await db.SaveChangesAsync(ct);
                    return row is not null;
                });
                if (!isOpen)
                    return await OperatorSession.FailAsync($"request {asked.Id} was closed just now.");
                break;
            }
            catch (DbUpdateConcurrencyException) when (attempt < Attempts)
            {
                // A worker was faster. Its decision counts, and is hurried up in turn.
            }
        }
        Say(asked, "hurried", null, $"request {asked.Id} {(asked.DryRun ? "would be" : "is")} due now");
        return CommandLine.Done;
    }

    private static async Task<int> AskAgainAsync(
        OperatorSession session,
        ImageRequest request,
        Asked asked,
        CancellationToken ct
    )
    {
        var command = request.Command! with { RequestId = Guid.NewGuid() };
        if (asked.DryRun)
        {
            Say(
                asked,
                "asked again",
                null,
                $"request {asked.Id} ({request.Reason}) would be asked for again, under a new id"
            );
            return CommandLine.Done;
        }
        if (await session.SendAsync(session.Queues.GenerateImages, command, ct) is { } problem)
            return await OperatorSession.FailAsync(problem);
        Say(
            asked,
            "asked again",
            command.RequestId,
            $"request {asked.Id} ({request.Reason}) is asked for again as {command.RequestId}"
        );
        return CommandLine.Done;
    }

    private static void Say(Asked asked, string action, Guid? newRequestId, string line)
    {
        if (asked.Json)
            Printed.Json(
                new
                {
                    requestId = asked.Id,
                    action,
                    newRequestId,
                    asked.DryRun,
                }
            );
        else
            Console.WriteLine(line);
    }

    private sealed record Asked(Guid Id, bool DryRun, bool PayAgain, bool Json);
}
