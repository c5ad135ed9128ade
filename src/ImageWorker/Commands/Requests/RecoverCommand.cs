using System.CommandLine;
using System.Globalization;
using ImageWorker.Operations;
using ImageWorker.Storage;
using Microsoft.EntityFrameworkCore;

namespace ImageWorker.Commands.Requests;

/// <summary>
/// <c>ImageWorker recover --since …</c>: after a restore, tells all workers that the database has forgotten what was committed
/// since then. A failover they notice by themselves.
/// </summary>
public static class RecoverCommand
{
    public static Command Create()
    {
        var since = new Option<string>("--since")
        {
            Description =
                "The time to which the database was restored: 2026-11-26T10:00Z, or how long ago that was, 2h.",
            Required = true,
        };
        since.Validators.Add(result =>
        {
            if (result.Tokens is [var given] && Parse(given.Value, TimeProvider.System.GetUtcNow()) is null)
                result.AddError($"'{given.Value}' is no time: 2026-11-26T10:00Z and 2h are some.");
        });
        var command = new Command(
            "recover",
            "After a restore to an earlier state: have the workers look up what may be paid for, before they pay."
        )
        {
            since,
        };
        command.SetAction(
            (parsed, ct) => OperatorSession.RunAsync(s => RecoverAsync(s, parsed.GetRequiredValue(since), ct), ct)
        );
        return command;
    }

    private static async Task<int> RecoverAsync(OperatorSession session, string since, CancellationToken ct)
    {
        var now = session.Time.GetUtcNow();
        if (Parse(since, now) is not { } restored || restored > now)
            return await OperatorSession.FailAsync($"--since {since} lies in the future.");
        var lookUpFor = now - restored > DatabaseTimeline.LookUpFor ? now - restored : DatabaseTimeline.LookUpFor;
        var open = await session.InDatabaseAsync(async db =>
        {
            await db.NoteTimelineAsync(await db.LookAtTimelineAsync(), isForgetful: true, lookUpFor);
            return await db.Requests.CountAsync(request => request.NextTickAt != null, ct);
        });
        Console.WriteLine(
            $"{Readable.Count(open, "request")} {(open == 1 ? "is" : "are")} open. What was submitted for them, and for requests accepted until {Readable.Time(now + lookUpFor)}, is looked up at ZPK before it is paid for."
        );
        Console.WriteLine(
            $"Commands that were accepted after {Readable.Time(restored)} are not known: their publishers can send them again under their request ids, and nothing is paid twice."
        );
        return CommandLine.Done;
    }

    private static DateTimeOffset? Parse(string text, DateTimeOffset now) =>
        AgeText.TryParse(text, out var age) ? now - age
        : DateTimeOffset.TryParse(
            text,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var time
        )
            ? time
        : null;
}
