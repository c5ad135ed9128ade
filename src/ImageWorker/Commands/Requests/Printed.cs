using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using ImageWorker.Zpk;
using Spectre.Console;

namespace ImageWorker.Commands.Requests;

/// <summary>Prints on standard output: a table on a terminal, else a line for each row, with tabs; or JSON.</summary>
internal static class Printed
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerOptions.Web)
    {
        WriteIndented = !Console.IsOutputRedirected,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>A narrower terminal breaks the lines itself.</summary>
    private const int LeastWidth = 120;

    public static void Json<T>(T value) => Console.WriteLine(ShownText.Lines(JsonSerializer.Serialize(value, Options)));

    public static void Table(string title, IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows)
    {
        if (Console.IsOutputRedirected)
        {
            foreach (var row in rows)
                Console.WriteLine(string.Join('\t', row.Select(cell => ShownText.Of(cell))));
            return;
        }
        var table = new Table().NoBorder();
        foreach (var (index, heading) in headings.Index())
            table.AddColumn(
                new TableColumn(new Text(heading, new Style(decoration: Decoration.Bold)))
                {
                    // A broken id cannot be copied. The long text is in the last column.
                    NoWrap = index < headings.Count - 1,
                    Padding = new(0, 0, 2, 0),
                }
            );
        foreach (var row in rows)
            table.AddRow([.. row.Select(cell => new Text(ShownText.Of(cell)))]);
        AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, LeastWidth);
        AnsiConsole.MarkupLineInterpolated($"[bold]{title}[/]");
        AnsiConsole.Write(table);
        AnsiConsole.WriteLine();
    }
}
