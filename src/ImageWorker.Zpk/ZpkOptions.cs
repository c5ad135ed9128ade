using System.ComponentModel.DataAnnotations;

namespace ImageWorker.Zpk;

/// <summary>
/// The client's settings, from the configuration section <c>Zpk</c> (environment: <c>Zpk__BaseAddress</c> and so
/// on). Checked when the host starts. A class and not a record, so that printing it shows no credentials.
/// </summary>
public sealed class ZpkOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Zpk";

    /// <summary>
    /// The API's address; default <c>https://zpk.systems</c>. Plain http only to this machine, unless
    /// <see cref="AllowInsecure"/>. A path is kept as a prefix.
    /// </summary>
    public Uri BaseAddress { get; set; } = new("https://zpk.systems");

    /// <summary>The application id of the ZPK dashboard. Required.</summary>
    public string ApplicationId { get; set; } = "";

    /// <summary>The application's API key. Required unless <see cref="ApiKeyFile"/> is set.</summary>
    public string ApiKey { get; set; } = "";

    /// <summary>
    /// A file holding the API key, white space around it ignored. It wins over <see cref="ApiKey"/> and is read
    /// at every call, so that a new key needs no restart. Default: none.
    /// </summary>
    public string? ApiKeyFile { get; set; }

    /// <summary>Allow plain http to other machines, credentials included; default false.</summary>
    public bool AllowInsecure { get; set; }

    /// <summary>
    /// The caller's public address for callbacks, http or https, a path being kept as a prefix; null (the default): ask
    /// for none.
    /// </summary>
    public Uri? CallbackBaseUrl { get; set; }

    /// <summary>How long a generate call may take; default 30 s. Past it the outcome is unknown.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")]
    public TimeSpan GenerateTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long one try of a check-status call may take; default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")]
    public TimeSpan CheckTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a check-status call may take with all its retries; default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")]
    public TimeSpan CheckTotalTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a check-status call is repeated after a failure; 0 to 10, default 3.</summary>
    [Range(0, 10)]
    public int CheckRetries { get; set; } = 3;

    /// <summary>The pause before the first repeat; each further one doubles it, jittered. Default 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan CheckRetryDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long establishing a connection may take; default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The share of failed calls that opens the circuit; above 0, at most 1, default 0.5.</summary>
    [Range(0.01, 1d)]
    public double BreakerFailureRatio { get; set; } = 0.5;

    /// <summary>How many calls the window must hold before the circuit may open; 2 or more, default 10.</summary>
    [Range(2, int.MaxValue)]
    public int BreakerMinimumCalls { get; set; } = 10;

    /// <summary>The window over which the share is taken; default 30 s, at least 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.5", "1.00:00:00")]
    public TimeSpan BreakerWindow { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long an open circuit lets no call through; default 15 s, at least 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.5", "1.00:00:00")]
    public TimeSpan BreakerPause { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long an id that ZPK does not list may still be one that it just accepted; default 10 s. Used by
    /// <see cref="ZpkImagesClient.WaitForCompletionAsync(string, IProgress{ZpkAnswer}, CancellationToken)"/>.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan SettleTime { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest answer read, in bytes; default 1 MiB. A longer one is unreadable.</summary>
    [Range(1024, 64 * 1024 * 1024)]
    public int MaxAnswerBytes { get; set; } = 1024 * 1024;

    /// <summary>The largest picture downloaded, in bytes; default 64 MiB.</summary>
    [Range(typeof(long), "1", "9223372036854775807")]
    public long MaxPictureBytes { get; set; } = 64L * 1024 * 1024;

    /// <summary>How long the download of one picture may take; default 2 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")]
    public TimeSpan DownloadTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// The ids of errors about the account's money rather than about one call, in any case and with any signs between
    /// the words; entries of the configuration are added to the defaults. ZPK documents none: the defaults are likely
    /// words. HTTP 402 needs no id.
    /// </summary>
    public IList<string> AccountErrorIds { get; } =
    [
        "INSUFFICIENT_BALANCE",
        "INSUFFICIENT_FUNDS",
        "INSUFFICIENT_CREDIT",
        "INSUFFICIENT_CREDITS",
        "INSUFFICIENT_QUOTA",
        "NOT_ENOUGH_BALANCE",
        "NOT_ENOUGH_CREDITS",
        "PAYMENT_REQUIRED",
    ];

    /// <summary>The price table; default: the page's.</summary>
    public ZpkPrices Prices { get; set; } = new();
}
