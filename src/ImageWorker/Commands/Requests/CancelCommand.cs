using System.CommandLine;
using ImageWorker.Contracts;
using ImageWorker.Operations;
using ImageWorker.Requests;

namespace ImageWorker.Commands.Requests;

/// <summary><c>requests cancel ID</c>: publishes <see cref="CancelImages"/> and waits until the request is closed.</summary>
internal static class CancelCommand
{
    /// <summary>Longer than the closing grace. If it takes longer, no worker runs.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    public static Command Create()
    {
        var id = RequestsCommand.IdArgument();
        var json = RequestsCommand.JsonOption();
        var command = new Command("cancel", "Cancel a request and wait until it is closed.") { id, json };
        command.SetAction(
            (parsed, ct) =>
                OperatorSession.RunAsync(
                    parsed.GetValue(id),
                    (session, found) => CancelAsync(session, found, parsed.GetValue(json), ct),
                    ct
                )
        );
        return command;
    }

    private static async Task<int> CancelAsync(OperatorSession session, Guid id, bool json, CancellationToken ct)
    {
        if (await session.FindAsync(id, ct) is not { Command: not null } request)
            return await OperatorSession.UnknownAsync(id);

        var wasClosed = request.ClosedAt is not null;
        if (!wasClosed)
        {
            var cancel = new CancelImages { RequestId = id };
            if (await session.SendAsync(session.Queues.CancelImages, cancel, ct) is { } problem)
                return await OperatorSession.FailAsync(problem);
            if (await WaitUntilClosedAsync(session, id, ct) is not { } closed)
                return await OperatorSession.FailAsync(
                    $"request {id} is told to stop but not closed yet. Does a worker run?"
                );
            request = closed;
        }
        if (json)
            Printed.Json(request.ClosingEvent(session.Prices));
        else
            Console.WriteLine(
                $"request {id} {(wasClosed ? "was closed already" : "is closed")}: {request.Outcome()}, {Readable.Cost(request.Submissions.CostSoFar())} EUR"
            );
        return CommandLine.Done;
    }

    private static async Task<ImageRequest?> WaitUntilClosedAsync(
        OperatorSession session,
        Guid id,
        CancellationToken ct
    )
    {
        var start = session.Time.GetTimestamp();
        while (session.Time.GetElapsedTime(start) < Patience)
        {
            if (await session.FindAsync(id, ct) is { ClosedAt: not null } closed)
                return closed;
            await Task.Delay(Pause, session.Time, ct);
        }
        return null;
    }
}
