namespace ImageWorker.Zpk;

/// <summary>How a picture's download ended. Closed: switch over the three cases.</summary>
public abstract record DownloadOutcome
{
    private DownloadOutcome() { }

    /// <summary>The whole picture is in the destination.</summary>
    /// <param name="ContentType">The media type, such as <c>image/png</c>.</param>
    /// <param name="Bytes">How many bytes were written.</param>
    public sealed record Saved(string ContentType, long Bytes) : DownloadOutcome;

    /// <summary>
    /// It will not do, now or later: an address that is not allowed, a 4xx, something that is no image, or more
    /// than <see cref="ZpkOptions.MaxPictureBytes"/>. The destination may hold a part.
    /// </summary>
    /// <param name="Reason">One line for a log.</param>
    public sealed record Refused(string Reason) : DownloadOutcome
    {
        /// <summary>The reason.</summary>
        public override string ToString() => Reason;
    }

    /// <summary>
    /// The network or the server failed; the same download may be repeated. The destination may hold a part.
    /// </summary>
    /// <param name="Reason">One line for a log.</param>
    /// <param name="RetryAfter">How long to wait, where the server says so.</param>
    public sealed record Unavailable(string Reason, TimeSpan? RetryAfter) : DownloadOutcome
    {
        /// <summary>The reason.</summary>
        public override string ToString() => Reason;
    }
}
