using System.Diagnostics.Metrics;
using ImageWorker.Telemetry;
using ImageWorker.Zpk;
using Microsoft.Extensions.Options;

namespace ImageWorker.Submission;

/// <summary>
/// Holds back all calls to ZPK for a while. One <c>Retry-After</c>, one open circuit or one refusal of our credentials
/// holds back every call, not just the one that met it. A call that is held back waits in its request's row.
/// </summary>
public sealed partial class ZpkGate
{
    // One wrong answer must not stop a process for days.
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);

    private readonly Lock _gate = new();
    private readonly IOptions<SubmissionOptions> _options;
    private readonly TimeProvider _time;
    private readonly ILogger<ZpkGate> _logger;
    private DateTimeOffset _closedUntil;
    private string _reason = "";

    public ZpkGate(
        IOptions<SubmissionOptions> options,
        ZpkImagesClient zpk,
        IMeterFactory meters,
        TimeProvider time,
        ILogger<ZpkGate> logger
    )
    {
        (_options, _time, _logger) = (options, time, logger);
        var meter = meters.Create(WorkerMetrics.MeterName);
        meter.CreateObservableGauge(
            "imageworker.zpk.circuit_open",
            () => zpk.IsCircuitOpen ? 1 : 0,
            null,
            "1 while calls are not made after repeated failures."
        );
        meter.CreateObservableGauge(
            "imageworker.zpk.credentials_refused",
            () => CredentialsRefused ? 1 : 0,
            null,
            "1 while ZPK refuses our credentials."
        );
    }

    /// <summary>True from a refusal of our credentials until ZPK takes them again.</summary>
    public bool CredentialsRefused { get; private set; }

    /// <summary>Until when to make no call, and why; null while calls may be made.</summary>
    public (DateTimeOffset Until, string Reason)? Closed
    {
        get
        {
            lock (_gate)
                return _closedUntil > _time.GetUtcNow() ? (_closedUntil, _reason) : null;
        }
    }

    public void Note(GenerateOutcome outcome)
    {
        switch (outcome)
        {
            case GenerateOutcome.Busy { RetryAfter: { } pause } busy:
                Close(pause, busy.Reason);
                break;
            case GenerateOutcome.Refused refused:
                NoteCredentials(refused.Errors);
                break;
            case GenerateOutcome.Accepted:
                CredentialsRefused = false;
                break;
        }
    }

    public void Note(CheckOutcome outcome)
    {
        switch (outcome)
        {
            case CheckOutcome.Unavailable { RetryAfter: { } pause } unavailable:
                Close(pause, unavailable.Reason);
                break;
            case CheckOutcome.Refused refused:
                NoteCredentials(refused.Errors);
                break;
            case CheckOutcome.Found or CheckOutcome.NotFound:
                CredentialsRefused = false;
                break;
        }
    }

    private void NoteCredentials(IReadOnlyList<ZpkError> errors)
    {
        CredentialsRefused = errors.AreAboutCredentials();
        if (!CredentialsRefused)
            return;
        Log.CredentialsRefused(_logger, errors[0].Id, _options.Value.CredentialsPause);
        Close(_options.Value.CredentialsPause, "ZPK refused our credentials");
    }

    private void Close(TimeSpan pause, string why)
    {
        lock (_gate)
        {
            var now = _time.GetUtcNow();
            var until = now + (pause < LongestPause ? pause : LongestPause);
            if (until <= _closedUntil)
                return;
            if (_closedUntil <= now)
                Log.Closed(_logger, until, why);
            (_closedUntil, _reason) = (until, why);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            1,
            LogLevel.Error,
            "ZPK refused our credentials ({ErrorId}). Check Zpk:ApplicationId and Zpk:ApiKey; requests wait, nothing is lost, and it is tried again in {Pause}"
        )]
        public static partial void CredentialsRefused(ILogger logger, string errorId, TimeSpan pause);

        [LoggerMessage(
            2,
            LogLevel.Warning,
            "No calls to ZPK until {Until:u}: {Reason}. Requests wait, nothing is lost"
        )]
        public static partial void Closed(ILogger logger, DateTimeOffset until, string reason);
    }
}
