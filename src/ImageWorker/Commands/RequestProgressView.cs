using System.Globalization;
using ImageWorker.Requests;
using ImageWorker.Zpk;
using Spectre.Console;

namespace ImageWorker.Commands;

/// <summary>
/// Shows a request's progress on standard error, so that standard output holds the closing event alone. On a terminal
/// it redraws a table, else it prints a line for each change.
/// </summary>
public sealed class RequestProgressView(TimeProvider time)
{
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(250);

    private readonly IAnsiConsole _console = AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(Console.Error) });
    private readonly Dictionary<int, string> _said = [];

    /// <summary>Follows the changes to their end; returns the last row, or null if there was none.</summary>
    public Task<ImageRequest?> FollowAsync(IAsyncEnumerable<ImageRequest> changes, CancellationToken ct) =>
        Console.IsErrorRedirected ? FollowInLinesAsync(changes, ct) : FollowInTableAsync(changes, ct);

    private async Task<ImageRequest?> FollowInLinesAsync(IAsyncEnumerable<ImageRequest> changes, CancellationToken ct)
    {
        ImageRequest? last = null;
        await foreach (var request in changes.WithCancellation(ct))
        {
            if (last is null)
                await Console.Error.WriteLineAsync($"request {request.CorrelationId}");
            foreach (var image in request.Images)
            {
                var state = StateOf(request, image);
                if (_said.TryGetValue(image.Number, out var before) && before == state)
                    continue;
                _said[image.Number] = state;
                await Console.Error.WriteLineAsync($"image {image.Number}: {state}");
            }
            last = request;
        }
        return last;
    }

    private async Task<ImageRequest?> FollowInTableAsync(IAsyncEnumerable<ImageRequest> changes, CancellationToken ct)
    {
        ImageRequest? last = null;
        var following = Task.Run(
            async () =>
            {
                await foreach (var request in changes.WithCancellation(ct))
                    last = request;
            },
            ct
        );
        await _console
            .Live(Table(null))
            .StartAsync(async live =>
            {
                while (!following.IsCompleted)
                {
                    live.UpdateTarget(Table(last));
                    await Task.WhenAny(following, Task.Delay(Redraw, time, ct));
                }
                live.UpdateTarget(Table(last));
            });
        await following;
        return last;
    }

    private Table Table(ImageRequest? request)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("Image", "State", "Next", "Attempt");
        if (request is null)
            return table.AddRow("", "waiting for a worker", "", "");

        table.Title = new TableTitle($"Request {request.CorrelationId}");
        foreach (var image in request.Images)
            table.AddRow(
                Markup.Escape(image.Number.ToString(CultureInfo.InvariantCulture)),
                Markup.Escape(StateOf(request, image)),
                Markup.Escape(NextOf(request, image)),
                image.Attempts.ToString(CultureInfo.InvariantCulture)
            );
        return table;
    }

    private static string StateOf(ImageRequest request, RequestImage image) => ShownText.Of(Told(request, image));

    private static string Told(ImageRequest request, RequestImage image) =>
        image.State switch
        {
            ImageState.Submitting => $"submitting{Attempt(image)}",
            ImageState.Generating => $"generating{Attempt(image)} as {SubmissionOf(request, image)?.ProviderId}",
            ImageState.WaitingToResend => "failed (GENERAL_ERROR), waiting to resend",
            ImageState.Generated => $"generated {image.Url}",
            _ => $"failed ({image.ErrorId})",
        };

    private static string Attempt(RequestImage image) => image.Attempts > 1 ? $", attempt {image.Attempts}" : "";

    private string NextOf(ImageRequest request, RequestImage image)
    {
        var next = image.IsSettled ? null : image.ResendAt ?? SubmissionOf(request, image)?.NextCheckAt;
        return next is { } at ? $"{Math.Max(0, (at - time.GetUtcNow()).TotalSeconds):0} s" : "";
    }

    private static ImageSubmission? SubmissionOf(ImageRequest request, RequestImage image) =>
        request.Submissions.FindLast(submission => submission.ImageNumbers.Contains(image.Number));
}
