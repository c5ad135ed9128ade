using System.Text.Encodings.Web;
using System.Text.Json;
using ImageWorker.Contracts;
using ImageWorker.Requests;
using ImageWorker.Zpk;

namespace ImageWorker.Commands;

/// <summary>Prints a closing event as JSON, last on standard output: indented for people, one line for programs.</summary>
public static class ClosingEvent
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerOptions.Web)
    {
        WriteIndented = !Console.IsOutputRedirected,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Prints the event that a closed request published; returns its exit code.</summary>
    public static int Print(ImageRequest closed, ZpkPrices prices) => Print(closed.ClosingEvent(prices));

    /// <summary>Prints the event; returns its exit code.</summary>
    public static int Print(object closing)
    {
        // Within a JSON text, what it escapes stands in strings.
        Console.WriteLine(ShownText.Lines(JsonSerializer.Serialize(closing, closing.GetType(), Options)));
        return closing is ImagesReady ? CommandLine.Done : CommandLine.Failed;
    }
}
