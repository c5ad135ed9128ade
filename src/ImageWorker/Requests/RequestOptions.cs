using System.ComponentModel.DataAnnotations;

namespace ImageWorker.Requests;

/// <summary>How a request is paced. Every key has a working default; section <c>Requests</c>.</summary>
public sealed class RequestOptions
{
    public const string Section = "Requests";

    /// <summary>Resends of one GENERAL_ERROR image at most, 0 for none. Default 3.</summary>
    [Range(0, 20)]
    public int MaxResends { get; set; } = 3;

    /// <summary>Wait before an image's first resend; doubled for each further one. Default 3 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan ResendBackoff { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Wait before the next check if ZPK names no <c>wait_time</c>. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan DefaultWait { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The least wait between two checks of a submission, whatever ZPK says. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan MinWait { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest <c>wait_time</c> that is believed. Default 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// One check covers the images whose waits end soon after the earliest one: within this share of it, and at least
    /// within <see cref="MinWait"/>. 0 to 1, default 0.2.
    /// </summary>
    [Range(0d, 1d)]
    public double CoalesceShare { get; set; } = 0.2;

    /// <summary>Wait after a call that failed or found ZPK busy; doubled for each further one. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan Backoff { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The longest backoff. Default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan MaxBackoff { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a check may go without an answer before it is made again. Default 2 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan CheckPatience { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// How long a request that must close (deadline, cancellation) waits for calls under way, so that what they cost
    /// is known. Default 90 s, longer than a submission's lease.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan ClosingGrace { get; set; } = TimeSpan.FromSeconds(90);
}
