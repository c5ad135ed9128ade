using ImageWorker.Zpk;

namespace ImageWorker.Requests;

/// <summary>How long a paid call belongs to the process that claimed it.</summary>
public static class SubmissionLease
{
    /// <summary>The most time that may pass between the claim and its call.</summary>
    public static readonly TimeSpan Margin = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The margin, the longest call, and the time until ZPK lists what it accepted at the last moment. After that, "not
    /// found" proves that a lost call never arrived.
    /// </summary>
    public static TimeSpan Of(ZpkOptions options) => options.GenerateTimeout + options.SettleTime + Margin;
}
