using System.ComponentModel.DataAnnotations;
using ImageWorker.ZpkSimulator.Api;
using ImageWorker.ZpkSimulator.Callbacks;
using ImageWorker.ZpkSimulator.Faults;
using ImageWorker.ZpkSimulator.Generation;
using ImageWorker.ZpkSimulator.Limits;

namespace ImageWorker.ZpkSimulator;

/// <summary>
/// How the stand-in server behaves. Every property is also a command-line option (<c>--port 5080</c>) and an
/// environment variable (<c>ZPKSIM_Port=5080</c>) of the executable. A wrong value stops the start with one line
/// that names the property.
/// </summary>
public sealed class SimulatorOptions
{
    /// <summary>The prefix of the executable's environment variables.</summary>
    public const string EnvironmentPrefix = "ZPKSIM_";

    /// <summary>The IP address to listen on. Default: loopback only; <c>0.0.0.0</c> for a container.</summary>
    [Required]
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>
    /// The TCP port. Default 0: a free one, to be read from <see cref="ZpkSimulatorServer.BaseAddress"/>. With a state file it
    /// is the one of the last time, if that is still free.
    /// </summary>
    [Range(0, 65535)]
    public int Port { get; set; }

    /// <summary>
    /// Where the pictures are said to be, for example <c>http://127.0.0.1:5080</c> for whom a container's port is mapped to.
    /// Default none: the address that the caller used.
    /// </summary>
    public Uri? PublicAddress { get; set; }

    /// <summary>API keys by application id. Default empty: any id and key are accepted as long as neither is empty.</summary>
    public IDictionary<string, string> Credentials { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>How long an image takes. Default: log-normal around the 30 seconds that the API's page names.</summary>
    [Required]
    public GenerationTime GenerationTime { get; set; } = GenerationTime.LogNormal(TimeSpan.FromSeconds(30));

    /// <summary>
    /// Every generation time, drawn or asked for by a prompt, is multiplied by it; 0.01 makes 30 seconds 0.3. The
    /// <c>wait_time</c> told is the scaled one, since that is what a client has to wait. Default 1.
    /// </summary>
    [Range(0.0, 1000.0)]
    public double TimeScale { get; set; } = 1;

    /// <summary>
    /// How wrong the estimates are: each image's <c>wait_time</c> is its true remaining time multiplied by a factor
    /// between 1/x and x, drawn once an image. Default 1: exact, save for rounding up to whole seconds.
    /// </summary>
    [Range(1.0, 100.0)]
    public double WaitTimeError { get; set; } = 1;

    /// <summary>How <c>wait_time</c> is written. Default: a string, as in the API page's only example.</summary>
    public WaitTimeForm WaitTimeForm { get; set; } = WaitTimeForm.Text;

    /// <summary>The share of images that end as GENERAL_ERROR without a marker asking for it, 0 to 1. Default 0.</summary>
    [Range(0.0, 1.0)]
    public double GeneralErrorRate { get; set; }

    /// <summary>The share of images that end as CONTENT_POLICY_VIOLATION without a marker, 0 to 1. Default 0.</summary>
    [Range(0.0, 1.0)]
    public double PolicyViolationRate { get; set; }

    /// <summary>
    /// Whether a failed image keeps its price. The API's page does not say. Default true; false makes its
    /// <c>cost</c> zero from the moment it failed.
    /// </summary>
    public bool ChargeFailedImages { get; set; } = true;

    /// <summary>
    /// What a generate call under a <c>unique_request_id</c> already used does; the API's page does not say. Default:
    /// it is charged again, so that paying twice shows in the ledger.
    /// </summary>
    public RepeatedIdAnswer RepeatedId { get; set; } = RepeatedIdAnswer.ChargeAgain;

    /// <summary>How check-status answers an id it does not know; the API's page does not say. Default: an errors answer.</summary>
    public UnknownRequestAnswer UnknownRequest { get; set; } = UnknownRequestAnswer.Errors;

    /// <summary>For how long check-status does not know a submission that was just accepted. Default zero.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan VisibilityDelay { get; set; }

    /// <summary>What a callback carries; the API's page does not say. Default: the image that was completed.</summary>
    public CallbackShape CallbackShape { get; set; } = CallbackShape.Image;

    /// <summary>The share of callbacks that are never sent, 0 to 1. Default 0.</summary>
    [Range(0.0, 1.0)]
    public double CallbackLossRate { get; set; }

    /// <summary>The share of callbacks that are sent twice, 0 to 1. Default 0.</summary>
    [Range(0.0, 1.0)]
    public double CallbackDuplicationRate { get; set; }

    /// <summary>How long after an image's completion its callback is sent. Default zero.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan CallbackDelay { get; set; }

    /// <summary>
    /// A check may come this much before the <c>wait_time</c> last told has passed without counting as early: timers
    /// and clocks are not exact. Default 100 ms.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan EarlyTolerance { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>A check counts as late when it comes this much after the <c>wait_time</c> last told. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan LateTolerance { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A file to which every accepted submission is appended as one JSON line and from which they are read back at
    /// start, so that a simulator whose process was killed still knows what it was paid for. Default none: memory only.
    /// </summary>
    public string? StateFile { get; set; }

    /// <summary>Makes times, failures and faults repeatable for one order of calls. Default none: different each time.</summary>
    public int? Seed { get; set; }

    /// <summary>Faults in force from the start, each in the words of the README's table, for example <c>reset after 2%</c>. Default none.</summary>
    public IList<string> Faults { get; } = [];

    /// <summary>Limits in force from the start, in the README's words, for example <c>bucket 50/s burst 50</c>. Default none.</summary>
    public IList<string> Limits { get; } = [];

    /// <summary>The clock. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Where the HTTP server logs. Default none: no log at all.</summary>
    public ILoggerFactory? LoggerFactory { get; set; }

    internal void Validate()
    {
        var results = new List<ValidationResult>();
        if (!Validator.TryValidateObject(this, new ValidationContext(this), results, validateAllProperties: true))
            throw new ValidationException(results[0].ErrorMessage);
        if (!System.Net.IPAddress.TryParse(Address, out _))
            throw new ValidationException("The field Address must be an IP address.");
        if (PublicAddress is not null and not { IsAbsoluteUri: true, Scheme: "http" or "https" })
            throw new ValidationException("The field PublicAddress must be an http or https address.");
        foreach (var fault in Faults)
            _ = Fault.Parse(fault);
        foreach (var limit in Limits)
            _ = Limit.Parse(limit);
    }
}
