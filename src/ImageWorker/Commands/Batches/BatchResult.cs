using System.Text.Json.Serialization;
using ImageWorker.Contracts;
using ImageWorker.Requests;

namespace ImageWorker.Commands.Batches;

/// <summary>How far one row is. The last two are gone on with by the next run.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RowState>))]
public enum RowState
{
    [JsonStringEnumMemberName("ready")]
    Ready,

    [JsonStringEnumMemberName("failed")]
    Failed,

    /// <summary>It was sent, or was about to be, and is not closed yet.</summary>
    [JsonStringEnumMemberName("open")]
    Open,

    /// <summary>It was not sent, or refused because its id was sent before with another budget or other fields.</summary>
    [JsonStringEnumMemberName("notSent")]
    NotSent,
}

/// <summary>One entry of the result file.</summary>
public sealed record BatchResult
{
    /// <summary>The row, from 1.</summary>
    public required int Row { get; init; }

    public required Guid RequestId { get; init; }

    public required RowState State { get; init; }

    /// <summary>Why it failed, in one word; empty unless it did.</summary>
    public string Reason { get; init; } = "";

    /// <summary>How many images there are.</summary>
    public int Generated { get; init; }

    /// <summary>How many there are not, of a row that is closed.</summary>
    public int Failed { get; init; }

    /// <summary>EUR; null if ZPK did not state it.</summary>
    public decimal? Cost { get; init; }

    /// <summary>The budget that it was sent with, EUR. A row that is sent again must have the same one.</summary>
    public decimal? MaxCost { get; init; }

    /// <summary>Each image's address, in the order of the images; empty for one that failed.</summary>
    public IReadOnlyList<string> Urls { get; init; } = [];

    /// <summary>The files of the pictures that were saved.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>What went wrong, such as <c>image 1: CONTENT_POLICY_VIOLATION</c>.</summary>
    public IReadOnlyList<string> Errors { get; init; } = [];

    [JsonIgnore]
    public bool IsClosed => State is RowState.Ready or RowState.Failed;

    /// <summary>The entry of a row that is not closed.</summary>
    public static BatchResult Unfinished(BatchRow row, RowState state) =>
        new()
        {
            Row = row.Number,
            RequestId = row.Command.RequestId,
            State = state,
            MaxCost = row.Command.MaxCost,
        };

    /// <summary>The result of a row whose request is closed, or was refused.</summary>
    /// <param name="row">The row.</param>
    /// <param name="closing">The closing event.</param>
    /// <exception cref="ArgumentException">The event closes nothing.</exception>
    public static BatchResult Of(BatchRow row, object closing) =>
        closing switch
        {
            ImagesReady ready => Of(row, ready.Images, ready.Cost, []) with { State = RowState.Ready },
            // What was sent before goes on, and says its own end to whoever asks for the same.
            ImagesFailed { Errors: [{ } error, ..] } when error.Id == CommandRules.RequestIdReused.Id => Unfinished(
                row,
                RowState.NotSent
            ) with
            {
                Errors = [$"{error.Id}: its id was sent before with another budget or other fields"],
            },
            ImagesFailed failed => Of(row, failed.Images, failed.Cost, failed.Errors) with
            {
                Reason = $"{failed.Reason}",
            },
            _ => throw new ArgumentException($"{closing.GetType()} closes nothing.", nameof(closing)),
        };

    private static BatchResult Of(
        BatchRow row,
        IReadOnlyList<ImageResult> images,
        RequestCost cost,
        IReadOnlyList<RequestError> errors
    )
    {
        var generated = images.Count(image => image.Status is ImageStatus.Generated);
        return new()
        {
            Row = row.Number,
            RequestId = row.Command.RequestId,
            State = RowState.Failed,
            Generated = generated,
            Failed = row.Command.Count - generated,
            Cost = cost.Total,
            MaxCost = row.Command.MaxCost,
            Urls = [.. images.Select(image => image.Url ?? "")],
            Errors =
            [
                .. images
                    .Where(image => image.ErrorId is not null)
                    .Select(image => $"image {image.Number}: {image.ErrorId}"),
                .. errors.Select(error => $"{error.Id}: {error.Message}"),
            ],
        };
    }
}
