using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using ImageWorker.Contracts;
using ImageWorker.Operations;
using ImageWorker.Requests;
using ImageWorker.Zpk;

namespace ImageWorker.Commands;

/// <summary>Prints a closing event last on standard output: a sentence for a person, JSON for a program.</summary>
public static class ClosingEvent
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerOptions.Web)
    {
        WriteIndented = !Console.IsOutputRedirected,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Prints the event that a closed request published; returns its exit code.</summary>
    /// <param name="closed">The request.</param>
    /// <param name="prices">For its estimate.</param>
    /// <param name="json">True for JSON on a terminal too.</param>
    public static int Print(ImageRequest closed, ZpkPrices prices, bool json) =>
        Print(closed.ClosingEvent(prices), json);

    /// <summary>Prints the event; returns its exit code.</summary>
    public static int Print(object closing, bool json)
    {
        // Within a JSON text, what it escapes stands in strings.
        Console.WriteLine(
            json || Console.IsOutputRedirected
                ? ShownText.Lines(JsonSerializer.Serialize(closing, closing.GetType(), Options))
                : Sentence(closing)
        );
        return closing is ImagesReady ? CommandLine.Done : CommandLine.Failed;
    }

    /// <summary>What a person wants to know of it, such as <c>3 pictures, 0.1140 EUR, in 9.3 s.</c></summary>
    public static string Sentence(object closing) =>
        ShownText.Of(
            closing switch
            {
                ImagesReady ready => Sentence(ready.Images, "", ready.Cost, ready.ClosedAt - ready.RequestedAt, []),
                ImagesFailed failed => Sentence(
                    failed.Images,
                    $" ({failed.Reason})",
                    failed.Cost,
                    failed.ClosedAt - failed.RequestedAt,
                    failed.Errors
                ),
                _ => throw new ArgumentException($"{closing.GetType()} closes nothing.", nameof(closing)),
            }
        );

    private static string Sentence(
        IReadOnlyList<ImageResult> images,
        string reason,
        RequestCost cost,
        TimeSpan took,
        IReadOnlyList<RequestError> errors
    )
    {
        var generated = images.Count(image => image.Status is ImageStatus.Generated);
        var pictures = (generated, images.Count) switch
        {
            (0, _) => "No picture",
            (1, 1) => "1 picture",
            var (some, all) when some == all => $"{all} pictures",
            var (some, all) => $"{some} of {all} pictures",
        };
        var why = images
            .Where(image => image.Status is ImageStatus.Failed)
            .Select(image => $" Image {image.Number} failed: {image.ErrorId}.")
            .Concat(errors.Select(error => $" {error.Id}: {error.Message}"));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{pictures}{reason}, {(cost.Total is null ? "cost unknown" : $"{Readable.Cost(cost.Total)} EUR")}, in {took.TotalSeconds:0.0} s.{string.Concat(why)}"
        );
    }
}
