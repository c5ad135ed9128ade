using ImageWorker.Zpk;

namespace ImageWorker.Requests;

/// <summary>How long a paid call belongs to the process that claimed it.</summary>
public static class SubmissionLease
{
    /// <summary>The most time that may pass between the claim and its call.</summary>
    public static readonly TimeSpan Margin = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The margin, and the longest call. A process that lives has noted by then how its call ended, so any process may
    /// look the call up. "Not found" proves nothing yet.
    /// </summary>
    public static TimeSpan OfCall(ZpkOptions options) => Margin + options.GenerateTimeout;

    /// <summary>
    /// That, and the time until ZPK lists what it accepted at the last moment. After that, "not found" proves that a lost
    /// call never arrived.
    /// </summary>
    public static TimeSpan Of(ZpkOptions options) => OfCall(options) + options.SettleTime;
}
