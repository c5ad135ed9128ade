using ImageWorker.Zpk;
using Spectre.Console;

namespace ImageWorker.Commands.Batches;

/// <summary>Shows a batch's progress on standard error: a bar on a terminal, else a line for each row.</summary>
internal sealed class BatchView(BatchTally tally, TimeProvider time)
{
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(250);

    private readonly IAnsiConsole? _terminal = Console.IsErrorRedirected
        ? null
        : AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(Console.Error) });

    /// <summary>Shows how far the work is until it ends.</summary>
    public async Task FollowAsync(Func<Task> work)
    {
        if (_terminal is null)
            await work();
        else
            await _terminal
                .Progress()
                .AutoClear(true)
                .Columns(new ProgressBarColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
                .StartAsync(async bar =>
                {
                    var rows = bar.AddTask(Markup.Escape(tally.Sum), maxValue: Math.Max(1, tally.Rows));
                    var working = work();
                    do
                    {
                        rows.Value = tally.Closed;
                        rows.Description = Markup.Escape(tally.Sum + tally.TimeLeft);
                        await Task.WhenAny(working, Task.Delay(Redraw, time));
                    } while (!working.IsCompleted);
                    await working;
                });
    }

    public void Closed(BatchResult result)
    {
        var state = result.State switch
        {
            RowState.Ready => "ready",
            RowState.Failed => $"failed ({result.Reason})",
            _ => "not sent",
        };
        var line = $"row {result.Row}: {state}{string.Concat(result.Errors.Select(error => $", {error}"))}";
        if (_terminal is null)
            Say($"{line}; {tally.Sum}{tally.TimeLeft}");
        else if (result.State is not RowState.Ready)
            Say(line);
    }

    public void Say(string line)
    {
        if (_terminal is null)
            Console.Error.WriteLine(ShownText.Of(line));
        else
            _terminal.WriteLine(ShownText.Of(line));
    }
}
