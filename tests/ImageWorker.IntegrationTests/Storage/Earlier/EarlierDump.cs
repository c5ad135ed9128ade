using System.Globalization;
using System.Text.RegularExpressions;

namespace ImageWorker.IntegrationTests.Storage.Earlier;

/// <summary>
/// A database as an earlier version left it when it was killed, and what the ZPK simulator had accepted by then. It is
/// kept as of midnight of the version's day, and read as of a minute ago.
/// </summary>
internal sealed partial class EarlierDump
{
    public const string Postgres = "postgres";
    public const string Sqlite = "imageworker";

    /// <summary>Longer than any wait of its requests, shorter than any of their deadlines.</summary>
    private static readonly TimeSpan Age = TimeSpan.FromMinutes(1);

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Storage", "Earlier");

    public EarlierDump(string version, string database)
    {
        var since = TimeProvider.System.GetUtcNow() - Age - TakenAt(version);
        Sql = Moved(File.ReadAllText(Path.Combine(Folder, version, SqlFile(database))), since);
        ZpkState = Moved(File.ReadAllText(Path.Combine(Folder, version, ZpkFile(database))), since);
    }

    /// <summary>Every version that there are dumps of.</summary>
    public static TheoryData<string> Versions =>
        [.. Directory.GetDirectories(Folder).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];

    /// <summary>Statements that restore it into an empty database.</summary>
    public string Sql { get; }

    /// <summary>The simulator's state file.</summary>
    public string ZpkState { get; }

    public static string SqlFile(string database) => $"{database}.sql";

    public static string ZpkFile(string database) => $"{database}.zpk.jsonl";

    public static DateTimeOffset TakenAt(string version) =>
        DateTimeOffset.ParseExact(version, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    /// <summary>The same text with every time in it moved by whole seconds, in columns, JSON and messages alike.</summary>
    public static string Moved(string text, TimeSpan by) =>
        Time()
            .Replace(
                text,
                time =>
                    DateTime
                        .Parse(time.Value, CultureInfo.InvariantCulture)
                        .AddSeconds(Math.Floor(by.TotalSeconds))
                        .ToString($"yyyy-MM-dd'{time.Groups["separator"]}'HH:mm:ss", CultureInfo.InvariantCulture)
            );

    // PostgreSQL, SQLite and JSON write fractions and the offset of UTC in ways of their own: those stay. The year 1 of a
    // cancellation without a deadline stays too.
    [GeneratedRegex(
        @"\b2\d{3}-\d{2}-\d{2}(?<separator>[ T])\d{2}:\d{2}:\d{2}",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Time();
}
