using System.Globalization;
using System.Text.RegularExpressions;
using ImageWorker.ZpkSimulator.Ledger;

namespace ImageWorker.Benchmarks.Load;

/// <summary>Something that a load needs is away for a while.</summary>
/// <param name="What">
/// <c>api</c> (every call is answered 503), <c>workers</c> (<c>kill -9</c> for all of them), <c>database</c> or
/// <c>broker</c> (stopped).
/// </param>
/// <param name="At">From when, counted from the first call.</param>
/// <param name="Time">For how long.</param>
public sealed partial record Outage(string What, TimeSpan At, TimeSpan Time)
{
    public const string Api = "api";
    public const string Workers = "workers";
    public const string Database = "database";
    public const string Broker = "broker";

    /// <summary>Reads a text such as <c>api 60s for 600s</c>.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static Outage Parse(string text) =>
        Words().Match(text) is { Success: true } match
            ? new(match.Groups["what"].Value, Seconds(match.Groups["at"]), Seconds(match.Groups["time"]))
            : throw new FormatException(
                $"'{text}' is no outage: 'api 60s for 600s' is one, and so are 'workers …', 'database …' and 'broker …'."
            );

    private static TimeSpan Seconds(Group group) =>
        TimeSpan.FromSeconds(double.Parse(group.Value, CultureInfo.InvariantCulture));

    [GeneratedRegex(
        "^(?<what>api|workers|database|broker) (?<at>[0-9.]+)s for (?<time>[0-9.]+)s$",
        RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Words();
}

/// <summary>How calls went on after an outage. Seconds, since the first call unless named otherwise.</summary>
/// <param name="What">What was away.</param>
/// <param name="From">When it went.</param>
/// <param name="To">When it was there again; a server has started by then, a worker has not.</param>
/// <param name="Before">Calls a second in the ten seconds before.</param>
/// <param name="During">Calls meanwhile, in all.</param>
/// <param name="Peak">The most calls in a second after it.</param>
/// <param name="BackAfter">
/// Seconds from its end to the first five in which at least 85 % of the calls before were made; null if there were none.
/// </param>
/// <param name="Seconds">The calls of each second, from ten seconds before its end to fifty after.</param>
public sealed record OutageReport(
    string What,
    double From,
    double To,
    double Before,
    long During,
    long Peak,
    int? BackAfter,
    IReadOnlyList<long> Seconds
)
{
    private const int Steady = 5;
    private const int Lead = 10;
    private const int Shown = 50;

    /// <summary>Reads it off the simulator's calls, refused ones too.</summary>
    public static OutageReport Of(string what, double from, double to, IReadOnlyList<CallsOfSecond> calls)
    {
        var all = calls.Select(LimitReport.All).ToList();
        var (begin, end) = ((int)from, (int)to);
        var before = all.Take(begin).TakeLast(Lead).DefaultIfEmpty().Average();
        var after = all.Skip(end).ToList();
        var back = Enumerable
            .Range(0, Math.Max(0, after.Count - Steady + 1))
            .Where(at => after.Skip(at).Take(Steady).Average() >= 0.85 * before)
            .Select(at => (int?)at)
            .FirstOrDefault();
        return new(
            what,
            from,
            to,
            before,
            all.Skip(begin).Take(end - begin).Sum(),
            after.DefaultIfEmpty().Max(),
            back,
            [.. all.Skip(end - Lead).Take(Lead + Shown)]
        );
    }

    public override string ToString() =>
        $"{What}: away from {From:0} to {To:0} s, {Before:0} calls/s before, {During} calls meanwhile, "
        + $"at most {Peak} a second after it, as before after {BackAfter?.ToString(CultureInfo.InvariantCulture) ?? "unknown"} s\n"
        + $"{Plot(Seconds)} calls a second, from {Lead} s before its end; the highest is {Seconds.DefaultIfEmpty().Max()}";

    /// <summary>One character for each number; the highest bar is the largest of them, and a space is none at all.</summary>
    public static string Plot(IReadOnlyList<long> numbers)
    {
        const string Bars = " ▁▂▃▄▅▆▇█";
        var top = Math.Max(1, numbers.DefaultIfEmpty().Max());
        return string.Concat(numbers.Select(number => Bars[(int)Math.Ceiling((Bars.Length - 1d) * number / top)]));
    }
}
