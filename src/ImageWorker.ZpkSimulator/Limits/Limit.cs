using System.Globalization;
using ImageWorker.ZpkSimulator.Api;

namespace ImageWorker.ZpkSimulator.Limits;

/// <summary>
/// One limit in force, written as words: <c>bucket 50/s burst 50</c>, <c>window 50/s</c>, <c>sliding 50/s</c> or
/// <c>at-once 8</c>; then <c>generate</c> or <c>check</c> (default both) and <c>retry-after=SECONDS</c> (default none).
/// </summary>
internal sealed class Limit
{
    private readonly string _text;
    private readonly Endpoints _endpoints;
    private readonly Allowance _allowance;
    private readonly double? _perSecond;
    private readonly int? _atOnce;
    private long _taken;
    private long _refused;

    private Limit(LimitWords words)
    {
        _text = words.Text;
        _endpoints = words.Endpoints;
        _allowance = words.Allowance();
        _perSecond = words.PerSecond;
        _atOnce = words.AtOnce;
        RetryAfter = words.RetryAfter?.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>What a refusal says in the header; null for none.</summary>
    public string? RetryAfter { get; }

    public LimitState State =>
        new(
            _text,
            _endpoints.HasFlag(Endpoints.Generate),
            _endpoints.HasFlag(Endpoints.Check),
            _perSecond,
            _atOnce,
            _taken,
            _refused
        );

    /// <summary>Reads the words.</summary>
    /// <exception cref="FormatException">Names the word that is not understood, or what is missing.</exception>
    public static Limit Parse(string text) => new(LimitWords.Parse(text));

    public bool Concerns(Endpoints endpoint) => _endpoints.HasFlag(endpoint);

    /// <summary>Whether it lets a call through now. If not, the refusal is counted.</summary>
    public bool Allows(TimeSpan now)
    {
        var allows = _allowance.Allows(now);
        _refused += allows ? 0 : 1;
        return allows;
    }

    public void Take(TimeSpan now)
    {
        _allowance.Take(now);
        _taken++;
    }

    public void Release() => _allowance.Release();
}

/// <summary>A limit as <c>GET /_limits</c> shows it.</summary>
/// <param name="Limit">Its words, as given.</param>
/// <param name="Generate">Whether generate calls count.</param>
/// <param name="Check">Whether check-status calls count.</param>
/// <param name="PerSecond">Calls a second that it allows in the long run; null for <c>at-once</c>.</param>
/// <param name="AtOnce">Calls under way at a time that it allows; null for the others.</param>
/// <param name="Taken">Calls that it and all others let through.</param>
/// <param name="Refused">Calls that it refused; of several limits that would, the first one counts.</param>
public sealed record LimitState(
    string Limit,
    bool Generate,
    bool Check,
    double? PerSecond,
    int? AtOnce,
    long Taken,
    long Refused
);
