using System.Diagnostics.Metrics;

namespace ImageWorker.Zpk;

/// <summary>What the client measures of itself, by the meter <see cref="MeterName"/>.</summary>
internal sealed class ZpkMetrics
{
    public const string MeterName = "ImageWorker.Zpk";

    private readonly Histogram<double> _duration;

    public ZpkMetrics(IMeterFactory meters) =>
        _duration = meters
            .Create(MeterName)
            .CreateHistogram(
                "imageworker.zpk.call.duration",
                "s",
                "How long a call of the API took, a check with its retries.",
                tags: null,
                new InstrumentAdvice<double>
                {
                    HistogramBucketBoundaries = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
                }
            );

    public void Called(TimeSpan duration, GenerateOutcome outcome) =>
        Record(
            duration,
            "generate",
            outcome switch
            {
                GenerateOutcome.Accepted => "accepted",
                GenerateOutcome.Refused => "refused",
                GenerateOutcome.Busy => "busy",
                _ => "unknown",
            }
        );

    public void Called(TimeSpan duration, CheckOutcome outcome) =>
        Record(
            duration,
            "check",
            outcome switch
            {
                CheckOutcome.Found => "found",
                CheckOutcome.NotFound => "not_found",
                CheckOutcome.Refused => "refused",
                _ => "unavailable",
            }
        );

    private void Record(TimeSpan duration, string call, string outcome) =>
        _duration.Record(duration.TotalSeconds, new("call", call), new("outcome", outcome));
}
