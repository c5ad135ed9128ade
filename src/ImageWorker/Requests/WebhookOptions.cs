using System.ComponentModel.DataAnnotations;

namespace ImageWorker.Requests;

/// <summary>How closing events are posted to tenants; section <c>Webhooks</c>. Each tenant names its own address.</summary>
public sealed class WebhookOptions
{
    public const string Section = "Webhooks";

    /// <summary>
    /// True: addresses may lead to this machine or into a private network, and be plain <c>http</c>. Default false: what a
    /// tenant names must not reach what only this machine can reach.
    /// </summary>
    public bool AllowPrivate { get; set; }

    /// <summary>How long a receiver has to answer. Default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>The wait before the second try; four times as long before each further one, at most 6 h. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long after its event a post is given up. Default 1 day.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan GiveUpAfter { get; set; } = TimeSpan.FromDays(1);
}
