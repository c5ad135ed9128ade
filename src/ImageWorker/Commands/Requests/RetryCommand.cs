using System.CommandLine;
using ImageWorker.Operations;
using ImageWorker.Requests;

namespace ImageWorker.Commands.Requests;

/// <summary>
/// <c>requests retry ID</c>: makes an open request do now what it waits for, and asks for a failed one again, under a
/// new id.
/// </summary>
internal static class RetryCommand
{
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
        RequestRetry.Obstacle(request, asked.PayAgain) is { } obstacle ? OperatorSession.FailAsync(obstacle)
        : request.ClosedAt is null ? HurryUpAsync(session, asked, ct)
        : AskAgainAsync(session, request, asked, ct);

    private static async Task<int> HurryUpAsync(OperatorSession session, Asked asked, CancellationToken ct)
    {
        if (!asked.DryRun && !await RequestRetry.HurryUpAsync(session.Database, asked.Id, session.Time.GetUtcNow(), ct))
            return await OperatorSession.FailAsync($"request {asked.Id} was closed just now.");
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
        var command = RequestRetry.CommandAgain(request);
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
