using System.ComponentModel;
using System.Globalization;

namespace ImageWorker.ZpkSimulator.Generation;

/// <summary>
/// How long one image takes, as a distribution. As text: <c>fixed 2</c>, <c>uniform 5 60</c>, <c>lognormal 30</c>
/// or <c>lognormal 30 0.4</c> (mean, spread), in seconds.
/// </summary>
[TypeConverter(typeof(Converter))]
public sealed record GenerationTime
{
    // A log-normal tail has no end; ten minutes keeps one unlucky draw from holding up a whole test.
    private const double MaxSeconds = 600;
    private const double DefaultSpread = 0.4;

    private readonly string _kind;
    private readonly double _first;
    private readonly double _second;

    private GenerationTime(string kind, double first, double second)
    {
        (_kind, _first, _second) = (kind, first, second);
    }

    /// <summary>Every image takes the same time.</summary>
    public static GenerationTime Fixed(TimeSpan time) => new("fixed", time.TotalSeconds, 0);

    /// <summary>Every time between the two is equally likely.</summary>
    public static GenerationTime Uniform(TimeSpan min, TimeSpan max) =>
        new("uniform", min.TotalSeconds, max.TotalSeconds);

    /// <summary>
    /// Most near the mean with a long tail; <paramref name="spread"/> is the standard deviation of the logarithm. No
    /// draw is longer than ten minutes.
    /// </summary>
    public static GenerationTime LogNormal(TimeSpan mean, double spread = DefaultSpread) =>
        new("lognormal", mean.TotalSeconds, spread);

    /// <summary>Reads the text form.</summary>
    /// <exception cref="FormatException">The text is none of the three forms.</exception>
    public static GenerationTime Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var words = text.Split([' ', ':', ','], StringSplitOptions.RemoveEmptyEntries);
        double Number(int index) =>
            double.TryParse(words[index], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
                ? value
                : throw new FormatException(
                    $"'{words[index]}' in generation time '{text}' is not a number of seconds."
                );

        return (words.Length > 0 ? words[0] : "", words.Length) switch
        {
            ("fixed", 2) => new("fixed", Number(1), 0),
            ("uniform", 3) => new("uniform", Number(1), Number(2)),
            ("lognormal", 2) => new("lognormal", Number(1), DefaultSpread),
            ("lognormal", 3) => new("lognormal", Number(1), Number(2)),
            _ => throw new FormatException(
                $"Generation time '{text}' is none of: fixed SECONDS, uniform MIN MAX, lognormal MEAN [SPREAD]."
            ),
        };
    }

    /// <summary>The text form, as <see cref="Parse"/> reads it.</summary>
    public override string ToString() => _kind == "fixed" ? $"{_kind} {_first}" : $"{_kind} {_first} {_second}";

    internal double DrawSeconds(Dice dice) =>
        _kind switch
        {
            "fixed" => _first,
            "uniform" => _first + (_second - _first) * dice.Next(),
            // The mean of a log-normal is exp(mu + spread squared / 2).
            _ => Math.Min(
                MaxSeconds,
                Math.Exp(Math.Log(Math.Max(_first, 1e-9)) - _second * _second / 2 + _second * dice.NextNormal())
            ),
        };

    private sealed class Converter : TypeConverter
    {
        public override bool CanConvertFrom(ITypeDescriptorContext? context, Type sourceType) =>
            sourceType == typeof(string) || base.CanConvertFrom(context, sourceType);

        public override object? ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value) =>
            value is string text ? Parse(text) : base.ConvertFrom(context, culture, value);
    }
}
