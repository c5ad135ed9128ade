using System.ComponentModel.DataAnnotations;

namespace ImageWorker.Submission;

/// <summary>How paid calls are made; section <c>Submission</c>.</summary>
public sealed class SubmissionOptions
{
    public const string Section = "Submission";

    /// <summary>Paid calls a second, over all workers; 0.5 is one every two seconds. Default null, no limit.</summary>
    [Range(0.001, 10_000)]
    public double? PerSecond { get; set; }

    /// <summary>Paid calls under way at once, over all workers. Default null, no limit but <see cref="Concurrency"/>.</summary>
    [Range(1, 100_000)]
    public int? AtOnce { get; set; }

    /// <summary>Paid calls made at once, a process. Default 64.</summary>
    [Range(1, 10_000)]
    public int Concurrency { get; set; } = 64;

    /// <summary>Checks made at once, a process. Default 64.</summary>
    [Range(1, 10_000)]
    public int CheckConcurrency { get; set; } = 64;

    /// <summary>Wait after ZPK refused our credentials, or paid calls because of our account. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan CredentialsPause { get; set; } = TimeSpan.FromSeconds(30);
}
