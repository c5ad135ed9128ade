using System.Collections.Frozen;
using System.Globalization;
using ImageWorker.ZpkSimulator.Api;

namespace ImageWorker.ZpkSimulator.Faults;

/// <summary>
/// One fault in force, written as words: its kind, then in any order <c>generate</c> or <c>check</c> (default both),
/// <c>before</c> or <c>after</c> the call is processed (default before), <c>xN</c> or <c>always</c> (how often;
/// default once in a prompt, always elsewhere), <c>N%</c> (how likely), a number of seconds, <c>tag=NAME</c>, and what
/// <see cref="SaidFields"/> takes.
/// </summary>
internal sealed class Fault
{
    private const int Unlimited = int.MaxValue;

    private static readonly FrozenDictionary<string, FaultKind> Kinds = new Dictionary<string, FaultKind>(
        StringComparer.Ordinal
    )
    {
        ["latency"] = FaultKind.Latency,
        ["reset"] = FaultKind.Reset,
        ["http-402"] = FaultKind.Http402,
        ["http-429"] = FaultKind.Http429,
        ["http-500"] = FaultKind.Http500,
        ["http-502"] = FaultKind.Http502,
        ["http-503"] = FaultKind.Http503,
        ["expired"] = FaultKind.Expired,
        ["balance"] = FaultKind.Balance,
        ["say"] = FaultKind.Say,
        ["truncated"] = FaultKind.Truncated,
        ["content-type"] = FaultKind.ContentType,
        ["unknown-status"] = FaultKind.UnknownStatus,
        ["missing-fields"] = FaultKind.MissingFields,
        ["empty-images"] = FaultKind.EmptyImages,
        ["unknown-request"] = FaultKind.UnknownRequest,
        ["late"] = FaultKind.Late,
        ["repeat-charge"] = FaultKind.RepeatCharge,
        ["repeat-refuse"] = FaultKind.RepeatRefuse,
        ["repeat-same"] = FaultKind.RepeatSame,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private readonly string _text;
    private Endpoints _endpoints = Endpoints.Both;
    private double _probability = 1;
    private string? _tag;
    private int _remaining = Unlimited;
    private int _hits;

    private Fault(string text, FaultKind kind)
    {
        _text = text;
        Kind = kind;
    }

    public FaultKind Kind { get; }

    /// <summary>Whether the call is processed, and charged, before the fault strikes.</summary>
    public bool After { get; private set; }

    /// <summary>Latency, delay of visibility, or the Retry-After told; null if not given.</summary>
    public double? Seconds { get; private set; }

    /// <summary>What is said in place of the answer's own values; empty for most.</summary>
    public SaidFields Said { get; } = new();

    /// <summary>What it makes of a repeated id; null for the other kinds.</summary>
    public RepeatedIdAnswer? RepeatedId =>
        Kind switch
        {
            FaultKind.RepeatCharge => RepeatedIdAnswer.ChargeAgain,
            FaultKind.RepeatRefuse => RepeatedIdAnswer.Refuse,
            FaultKind.RepeatSame => RepeatedIdAnswer.ReturnSame,
            _ => null,
        };

    /// <summary>Whether something else is answered; the other kinds change the real answer or the processing.</summary>
    public bool ReplacesAnswer =>
        Kind
            is FaultKind.Reset
                or FaultKind.Http402
                or FaultKind.Http429
                or FaultKind.Http500
                or FaultKind.Http502
                or FaultKind.Http503
                or FaultKind.Expired
                or FaultKind.Balance
        || Said.Refuses;

    private bool CanSay =>
        Kind switch
        {
            FaultKind.Say => !Said.IsEmpty && !Said.SaysRetryAfter,
            FaultKind.Http402 or FaultKind.Http429 or FaultKind.Http500 or FaultKind.Http502 or FaultKind.Http503 =>
                Said.IsEmpty || Said.SaysRetryAfterAlone,
            _ => Said.IsEmpty,
        };

    public static bool IsKind(string word) => Kinds.ContainsKey(word);

    /// <summary>Reads the words.</summary>
    /// <exception cref="FormatException">Names the word that is not understood.</exception>
    public static Fault Parse(string text, int defaultCount = Unlimited)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0 || !Kinds.TryGetValue(words[0], out var kind))
            throw new FormatException($"Fault '{text}' does not begin with one of: {string.Join(", ", Kinds.Keys)}.");

        var fault = new Fault(text, kind) { _remaining = defaultCount };
        foreach (var word in words.AsSpan(1))
            fault.Apply(word);
        if (kind is FaultKind.Latency or FaultKind.Late && fault.Seconds is null)
            throw new FormatException($"Fault '{text}' needs a number of seconds.");
        if (!fault.CanSay)
            throw new FormatException($"Fault '{text}' says nothing, or something that does not go with its kind.");
        return fault;
    }

    public FaultState State =>
        new(
            _text,
            Volatile.Read(ref _remaining) is var left && left == Unlimited ? null : left,
            Volatile.Read(ref _hits)
        );

    public bool Concerns(Endpoints endpoint, string? callTag) =>
        _endpoints.HasFlag(endpoint) && (_tag is null || string.Equals(_tag, callTag, StringComparison.Ordinal));

    /// <summary>Whether it strikes this time; if so, one of its count is used up.</summary>
    public bool TryTake(Generation.Dice dice)
    {
        if (Volatile.Read(ref _remaining) <= 0 || !dice.Chance(_probability))
            return false;
        if (Volatile.Read(ref _remaining) != Unlimited && Interlocked.Decrement(ref _remaining) < 0)
        {
            Interlocked.Increment(ref _remaining);
            return false;
        }

        Interlocked.Increment(ref _hits);
        return true;
    }

    private void Apply(string word)
    {
        switch (word)
        {
            case "generate":
                _endpoints = Endpoints.Generate;
                break;
            case "check":
                _endpoints = Endpoints.Check;
                break;
            case "before":
                After = false;
                break;
            case "after":
                After = true;
                break;
            case "always":
                _remaining = Unlimited;
                break;
            case ['t', 'a', 'g', '=', .. var name]:
                _tag = name;
                break;
            case ['x', .. var times] when int.TryParse(times, out var count):
                _remaining = count;
                break;
            case var said when Said.TryAdd(said):
                break;
            case [.. var percent, '%'] when TryNumber(percent, out var value):
                _probability = value / 100;
                break;
            default:
                Seconds = TryNumber(word, out var seconds)
                    ? seconds
                    : throw new FormatException($"Fault '{_text}' has the word '{word}', which means nothing.");
                break;
        }
    }

    private static bool TryNumber(string word, out double value) =>
        double.TryParse(word, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value);
}

/// <summary>A fault as <c>GET /_faults</c> shows it.</summary>
/// <param name="Fault">Its words, as given.</param>
/// <param name="Remaining">How often it will still strike; null for always.</param>
/// <param name="Hits">How often it has struck.</param>
public sealed record FaultState(string Fault, int? Remaining, int Hits);
