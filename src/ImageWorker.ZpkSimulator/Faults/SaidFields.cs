using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using ImageWorker.ZpkSimulator.Api;

namespace ImageWorker.ZpkSimulator.Faults;

/// <summary>
/// What a fault puts in place of an answer's own values: <c>NAME=VALUE</c>, or <c>NAME@2=VALUE</c> for image 2 alone. In
/// a value <c>+</c> is a space, <c>%FF</c> is that byte, <c>{key}</c> and <c>{application}</c> are the credentials that
/// the call carried, and <c>{a*900}</c> is that many of the letter.
/// </summary>
internal sealed partial class SaidFields
{
    public const string RetryAfter = "retry-after";

    // What is written into the JSON as it is; all else is written as a string.
    private static readonly string[] Raw = ["cost", "num", "total_cost", "wait_time"];

    private static readonly string[] OfRefusal = ["id", "message", "on"];

    private static readonly string[] Names =
    [
        .. Raw,
        .. OfRefusal,
        "content-type",
        "error_id",
        "generation_status",
        "header",
        "image_url",
        RetryAfter,
        "status-line",
        "unique_request_id",
    ];

    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    /// <summary>Whether the answer is to be a refusal with these words.</summary>
    public bool Refuses => OfRefusal.Any(_values.ContainsKey);

    public bool IsEmpty => _values.Count == 0;

    /// <summary>Whether it says when to come again.</summary>
    public bool SaysRetryAfter => _values.ContainsKey(RetryAfter);

    /// <summary>Whether it says that and nothing else.</summary>
    public bool SaysRetryAfterAlone => SaysRetryAfter && _values.Count == 1;

    /// <summary>Takes a word of a fault; false where it is none of these.</summary>
    public bool TryAdd(string word)
    {
        if (word.Split('=', 2) is not [var field, var value] || !Names.Contains(field.Split('@')[0]))
            return false;
        _values[field] = value;
        return true;
    }

    /// <summary>A header or a word, a byte a character; null where the fault says none.</summary>
    public string? Text(string name, Fields call) =>
        Bytes(name, call) is { } bytes ? Encoding.Latin1.GetString(bytes) : null;

    /// <summary>The JSON of a field, of the image of that number if one is given; null where the fault says none.</summary>
    public byte[]? Json(string name, int? number, Fields call)
    {
        var bytes = (number is null ? null : Bytes($"{name}@{number}", call)) ?? Bytes(name, call);
        return bytes is null || Raw.Contains(name) ? bytes : [(byte)'"', .. bytes.SelectMany(Escaped), (byte)'"'];
    }

    private byte[]? Bytes(string field, Fields call)
    {
        if (!_values.TryGetValue(field, out var value))
            return null;
        var text = value
            .Replace("{key}", call[Field.ApiKey], StringComparison.Ordinal)
            .Replace("{application}", call[Field.ApplicationId], StringComparison.Ordinal);
        text = Repeated()
            .Replace(
                text,
                match => new string(match.Groups["letter"].Value[0], int.Parse(match.Groups["times"].ValueSpan))
            );
        // As bytes, since what is no UTF-8 must stay what it is.
        var encoded = Encoding.UTF8.GetBytes(text);
        return WebUtility.UrlDecodeToBytes(encoded, 0, encoded.Length);
    }

    private static IEnumerable<byte> Escaped(byte letter) =>
        letter is < 0x20 or (byte)'"' or (byte)'\\' ? Encoding.ASCII.GetBytes($"\\u{letter:x4}") : [letter];

    [GeneratedRegex(@"\{(?<letter>.)\*(?<times>\d{1,7})\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Repeated();
}
