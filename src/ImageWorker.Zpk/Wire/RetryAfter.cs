using System.Globalization;
using System.Net.Http.Headers;

namespace ImageWorker.Zpk.Wire;

/// <summary>The <c>Retry-After</c> header, read as far as it can be.</summary>
internal static class RetryAfter
{
    // Nobody should sit out a mistake of days; a pause that is meant is asked for again.
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <summary>From now on, within 0 and an hour; null where absent or neither seconds nor a date.</summary>
    public static TimeSpan? RetryAfterDelay(this HttpResponseHeaders headers, TimeProvider time) =>
        headers.NonValidated.TryGetValues("Retry-After", out var values)
            ? values.Select(value => Delay(value, time)).FirstOrDefault(delay => delay is not null)
            : null;

    private static TimeSpan? Delay(string value, TimeProvider time)
    {
        if (RetryConditionHeaderValue.TryParse(value, out var header) && header.Date is { } date)
            return Bounded((date - time.GetUtcNow()).TotalSeconds);
        // What has a sign, a fraction or too many digits is no valid header, and still plain.
        return
            value.Any(char.IsAsciiDigit)
            && double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
            ? Bounded(seconds)
            : null;
    }

    private static TimeSpan Bounded(double seconds) =>
        TimeSpan.FromSeconds(Math.Clamp(seconds, 0, Longest.TotalSeconds));
}
