using System.CommandLine;
using System.Globalization;
using ImageWorker.Operations;
using ImageWorker.Storage;

namespace ImageWorker.Commands.Requests;

/// <summary>
/// <c>ImageWorker pace …</c>: how fast all workers call ZPK. What is set here is a row of the database: every worker sees
/// it within a second, and restarts keep it.
/// </summary>
public static class PaceCommand
{
    public static Command Create() =>
        new("pace", "See how fast ZPK is called, and steer it, for all workers.")
        {
            ShowCommand(),
            SetCommand(),
            AutoCommand(),
            PauseCommand(),
            ResumeCommand(),
        };

    private static Command ShowCommand()
    {
        var json = RequestsCommand.JsonOption();
        var command = new Command("show", "Show the pace that is kept, and what waits.") { json };
        command.SetAction((parsed, ct) => OperatorSession.RunAsync(s => ShowAsync(s, parsed.GetValue(json)), ct));
        return command;
    }

    private static Command SetCommand()
    {
        var rate = new Argument<double>("calls-per-second") { Description = "A ceiling for all calls: 40, or 0.5." };
        rate.Validators.Add(result =>
        {
            if (
                double.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out var given)
                && given is not (>= PaceSteering.Least and <= PaceSteering.Most)
            )
                result.AddError(
                    $"'{result.Tokens[0].Value}' is no pace: it must be from {PaceSteering.Least} to {PaceSteering.Most} calls a second."
                );
        });
        var command = new Command("set", "Set a ceiling in calls a second; the pace stays below it.") { rate };
        command.SetAction(
            (parsed, ct) =>
            {
                double? ceiling = parsed.GetValue(rate);
                return ChangeAsync((db, _) => PaceSteering.SetCeilingAsync(db, ceiling, ct), ct);
            }
        );
        return command;
    }

    private static Command AutoCommand()
    {
        var command = new Command("auto", "Take the ceiling away: the pace is found by ZPK's refusals alone.");
        command.SetAction((_, ct) => ChangeAsync((db, _) => PaceSteering.SetCeilingAsync(db, null, ct), ct));
        return command;
    }

    private static Command PauseCommand()
    {
        var reason = new Option<string>("--reason") { Description = "Why, for your colleagues.", Required = true };
        reason.Validators.Add(result =>
        {
            if (result.Tokens is [var given] && !PaceSteering.IsReason(given.Value))
                result.AddError($"--reason must be {PaceSteering.ReasonRule}.");
        });
        var command = new Command("pause", "Begin no paid call. What is paid for is still read.") { reason };
        command.SetAction(
            (parsed, ct) =>
            {
                var why = parsed.GetValue(reason)!;
                return ChangeAsync((db, now) => PaceSteering.PauseAsync(db, now, why, ct), ct);
            }
        );
        return command;
    }

    private static Command ResumeCommand()
    {
        var command = new Command("resume", "Begin paid calls again.");
        command.SetAction((_, ct) => ChangeAsync((db, _) => PaceSteering.ResumeAsync(db, ct), ct));
        return command;
    }

    private static Task<int> ChangeAsync(Func<WorkerContext, DateTimeOffset, Task<int>> change, CancellationToken ct) =>
        OperatorSession.RunAsync(
            async session =>
            {
                await session.InDatabaseAsync(db => change(db, session.Time.GetUtcNow()));
                return await ShowAsync(session, json: false);
            },
            ct
        );

    private static async Task<int> ShowAsync(OperatorSession session, bool json)
    {
        var now = session.Time.GetUtcNow();
        var (status, lines) = await session.InDatabaseAsync(async db =>
            (PaceStatus.Of(await db.LookAtPaceAsync(), now), await WaitingLine.ReadAsync(db, default))
        );
        if (json)
        {
            Printed.Json(status with { WaitingRequests = lines.Sum(line => line.Count) });
            return CommandLine.Done;
        }
        var longest = lines.Select(line => (TimeSpan?)(now - line.Since)).Max();
        Console.WriteLine(status.Say(status.Waiting + lines.Sum(line => line.Count), longest));
        if (status.Rate is not null)
            Console.WriteLine(
                FormattableString.Invariant(
                    $"{status.RefusedShare:P1} of the last minute's calls were refused; {Readable.Count(status.Workers, "worker")} called in the last half minute."
                )
            );
        if (status.PausedAt is { } since)
            Console.WriteLine($"Paid calls are paused since {Readable.Time(since)}: {status.PauseReason}");
        return CommandLine.Done;
    }
}
