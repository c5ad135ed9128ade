using System.Globalization;
using ImageWorker.ZpkSimulator.Api;

namespace ImageWorker.ZpkSimulator.Limits;

/// <summary>The words of one limit, read and found to make sense together.</summary>
internal sealed class LimitWords
{
    // A sliding window keeps a time for each call.
    private const int MaxCalls = 1_000_000;
    private const int MaxPeriods = 86_400;

    private static readonly string[] Kinds = ["bucket", "window", "sliding", "at-once"];

    private readonly string _kind;
    private int _calls;
    private int _burst;
    private TimeSpan _period;

    private LimitWords(string text, string kind) => (Text, _kind) = (text, kind);

    public string Text { get; }

    public Endpoints Endpoints { get; private set; } = Endpoints.Both;

    /// <summary>In seconds.</summary>
    public int? RetryAfter { get; private set; }

    public double? PerSecond => IsAtOnce ? null : _calls / _period.TotalSeconds;

    public int? AtOnce => IsAtOnce ? _calls : null;

    private bool IsAtOnce => _kind is "at-once";

    public static LimitWords Parse(string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0 || !Kinds.Contains(words[0], StringComparer.Ordinal))
            throw new FormatException($"Limit '{text}' does not begin with one of: {string.Join(", ", Kinds)}.");

        var limit = new LimitWords(text, words[0]);
        for (var at = 1; at < words.Length; at++)
        {
            if (words[at] is "burst" && limit._kind is "bucket")
                limit._burst = limit.Number(++at < words.Length ? words[at] : "", MaxCalls, "calls after 'burst'");
            else
                limit.Apply(words[at]);
        }

        if (limit._calls == 0)
            throw limit.Wrong(
                limit.IsAtOnce ? "needs a number of calls, as in 'at-once 8'" : "needs a rate, as in '50/s'"
            );
        return limit;
    }

    public Allowance Allowance() =>
        _kind switch
        {
            "bucket" => new BucketAllowance(_period / _calls, _burst > 0 ? _burst : _calls),
            "window" => new WindowAllowance(_calls, _period),
            "sliding" => new SlidingAllowance(_calls, _period),
            _ => new AtOnceAllowance(_calls),
        };

    private void Apply(string word)
    {
        const string retryAfter = "retry-after=";
        switch (word)
        {
            case "generate":
                Endpoints = Endpoints.Generate;
                break;
            case "check":
                Endpoints = Endpoints.Check;
                break;
            case var _ when word.StartsWith(retryAfter, StringComparison.Ordinal):
                RetryAfter = Number(word[retryAfter.Length..], int.MaxValue, $"seconds in '{word}'");
                break;
            case var _ when _calls == 0 && IsAtOnce && char.IsAsciiDigit(word[0]):
                _calls = Number(word, MaxCalls, $"calls in '{word}'");
                break;
            case var _ when _calls == 0 && !IsAtOnce && word.Split('/') is [var calls, [.. var periods, var unit]]:
                _calls = Number(calls, MaxCalls, $"calls in '{word}'");
                _period =
                    Unit(unit, word) * (periods.Length == 0 ? 1 : Number(periods, MaxPeriods, $"periods in '{word}'"));
                break;
            default:
                throw Wrong($"has the word '{word}', which means nothing there");
        }
    }

    private TimeSpan Unit(char unit, string word) =>
        unit switch
        {
            's' => TimeSpan.FromSeconds(1),
            'm' => TimeSpan.FromMinutes(1),
            'h' => TimeSpan.FromHours(1),
            _ => throw Wrong($"has the word '{word}', which does not end in s, m or h"),
        };

    private int Number(string digits, int max, string what) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && number >= 1
        && number <= max
            ? number
            : throw Wrong($"needs a whole number, from 1 to {max}, of {what}");

    private FormatException Wrong(string why) => new($"Limit '{Text}' {why}.");
}
