using System.ComponentModel.DataAnnotations;

namespace ImageWorker.Retention;

/// <summary>How long the database keeps closed requests and their ids; section <c>Retention</c>.</summary>
public sealed class RetentionOptions
{
    public const string Section = "Retention";

    /// <summary>
    /// How long a closed request and its ledger rows stay. Until then a repeated command is answered with the closing
    /// event. Default 30 days.
    /// </summary>
    [Range(typeof(TimeSpan), "01:00:00", "3650.00:00:00")]
    public TimeSpan Requests { get; set; } = TimeSpan.FromDays(30);

    /// <summary>
    /// How long after that the request's id is still known. A command with a known id is ignored: neither paid nor
    /// answered again. After that it is a new request. Default 365 days.
    /// </summary>
    [Range(typeof(TimeSpan), "01:00:00", "3650.00:00:00")]
    public TimeSpan Inbox { get; set; } = TimeSpan.FromDays(365);

    /// <summary>How long the sums of costs stay, in whole days. Default 400 days.</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "3650.00:00:00")]
    public TimeSpan Costs { get; set; } = TimeSpan.FromDays(400);

    /// <summary>How long the lines of the audit stay. Default 400 days.</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "3650.00:00:00")]
    public TimeSpan Audit { get; set; } = TimeSpan.FromDays(400);

    /// <summary>
    /// How long a cancellation waits for a command that is still to come. After that the command would be a new request.
    /// Default 1 day.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "3650.00:00:00")]
    public TimeSpan Cancellations { get; set; } = TimeSpan.FromDays(1);

    /// <summary>
    /// How many such cancellations are kept. Every minute the oldest of those above go. Default 10,000.
    /// </summary>
    [Range(1, 10_000_000)]
    public int CancellationLimit { get; set; } = 10_000;

    /// <summary>Wait between two searches. Cancellations are searched at least every minute. Default 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Rows removed by one statement at most. Default 500.</summary>
    [Range(1, 10_000)]
    public int Batch { get; set; } = 500;

    /// <summary>Wait between two full batches, so that removal slows the work little. Default 100 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan Pause { get; set; } = TimeSpan.FromMilliseconds(100);
}
