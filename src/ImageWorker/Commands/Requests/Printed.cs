using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;

namespace ImageWorker.Commands.Requests;

/// <summary>What the commands print on standard output: tables on a terminal, else a line a row with tabs between; or JSON.</summary>
internal static class Printed
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerOptions.Web)
    {
        WriteIndented = !Console.IsOutputRedirected,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter() },
    };

    public static void Json<T>(T value) => Console.WriteLine(JsonSerializer.Serialize(value, Options));

    public static void Table(string title, IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows)
    {
        if (Console.IsOutputRedirected)
        {
            foreach (var row in rows)
                Console.WriteLine(string.Join('\t', row.Select(OneLine)));
            return;
        }
        var table = new Table().Border(TableBorder.Rounded).Title(Markup.Escape(title));
        foreach (var heading in headings)
            table.AddColumn(Markup.Escape(heading));
        foreach (var row in rows)
            table.AddRow([.. row.Select(cell => Markup.Escape(OneLine(cell)))]);
        AnsiConsole.Write(table);
    }

    /// <summary>What ZPK or a publisher wrote can hold anything, a terminal's control characters included.</summary>
    private static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
}
