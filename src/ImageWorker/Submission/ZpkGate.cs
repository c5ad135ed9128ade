using System.Diagnostics.Metrics;
using ImageWorker.Hosting;
using ImageWorker.Telemetry;
using ImageWorker.Zpk;
using Microsoft.Extensions.Options;

namespace ImageWorker.Submission;

/// <summary>
/// Holds back all calls to ZPK for a while: when the circuit opens, when ZPK refuses our credentials or our account, or
/// when an API that is down asks for time. Then one call tries whether ZPK answers again, before the others follow. What
/// is held back waits in memory and writes nothing. A limit of calls is not the gate's: <see cref="CallPace"/>.
/// </summary>
public sealed partial class ZpkGate
{
    // One wrong answer must not stop a process for days.
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan TrialPatience = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly IOptions<SubmissionOptions> _options;
    private readonly TimeProvider _time;
    private readonly ILogger<ZpkGate> _logger;
    private readonly SaidOnce _longRetryAfter = new();
    private (DateTimeOffset Until, string Reason) _pause;
    private (DateTimeOffset Until, string Reason) _payingPause;

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
        meter.CreateObservableGauge(
            "imageworker.zpk.account_refused",
            () => AccountRefused ? 1 : 0,
            null,
            "1 while ZPK refuses paid calls because of the account, such as for an empty balance."
        );
    }

    /// <summary>True from a refusal of our credentials until ZPK takes them again.</summary>
    public bool CredentialsRefused { get; private set; }

    /// <summary>True from a refusal because of our account, such as an empty balance, until ZPK accepts a paid call.</summary>
    public bool AccountRefused { get; private set; }

    /// <summary>Until when to make no call, and why; null while calls may be made.</summary>
    public (DateTimeOffset Until, string Reason)? Closed => Current(ref _pause);

    /// <summary>The same for paid calls. Free ones go on while the account is refused: what is paid for is still read.</summary>
    public (DateTimeOffset Until, string Reason)? ClosedForPaying => Closed ?? Current(ref _payingPause);

    /// <summary>True from the beginning of a pause until ZPK answers: one call at a time may try.</summary>
    public bool IsOnTrial { get; private set; }

    /// <summary>The same for paid calls, until ZPK accepts one.</summary>
    public bool IsOnTrialForPaying => IsOnTrial || AccountRefused;

    /// <summary>Until when no call is made, the wait for a trial's answer included; null while calls are made.</summary>
    public DateTimeOffset? HeldBackUntil => Closed?.Until ?? (IsOnTrial ? _time.GetUtcNow() + TrialPatience : null);

    /// <summary>How long the gate stays closed for paid calls; 0 if it is open.</summary>
    public TimeSpan Rest => ClosedForPaying is { Until: var until } ? until - _time.GetUtcNow() : TimeSpan.Zero;

    /// <summary>What is believed of a <c>Retry-After</c>: at most 10 minutes.</summary>
    public static TimeSpan? Bounded(TimeSpan? retryAfter) => retryAfter > LongestPause ? LongestPause : retryAfter;

    public void Note(GenerateOutcome outcome)
    {
        switch (outcome)
        {
            case GenerateOutcome.Busy { IsHeldBack: true } busy:
                CloseAll(busy.RetryAfter ?? _options.Value.CredentialsPause, busy.Reason);
                break;
            case GenerateOutcome.Busy { IsRateLimited: true } busy:
                NoteLimit(busy.RetryAfter);
                break;
            case GenerateOutcome.Refused refused:
                NoteRefusal(refused.Errors);
                break;
            case GenerateOutcome.Accepted:
                (CredentialsRefused, AccountRefused, IsOnTrial) = (false, false, false);
                break;
        }
    }

    public void Note(CheckOutcome outcome)
    {
        switch (outcome)
        {
            case CheckOutcome.Unavailable { IsHeldBack: true } unavailable:
                CloseAll(unavailable.RetryAfter ?? _options.Value.CredentialsPause, unavailable.Reason);
                break;
            case CheckOutcome.Unavailable { IsRateLimited: true } busy:
                NoteLimit(busy.RetryAfter);
                break;
            case CheckOutcome.Unavailable { RetryAfter: { } pause } unavailable:
                CloseAll(pause, unavailable.Reason);
                break;
            case CheckOutcome.Refused refused:
                NoteRefusal(refused.Errors);
                break;
            case CheckOutcome.Found or CheckOutcome.NotFound:
                (CredentialsRefused, IsOnTrial) = (false, false);
                break;
        }
    }

    /// <summary>Why a paid call was only held back; null if it was not.</summary>
    public Hold? HoldOn(GenerateOutcome outcome) =>
        outcome switch
        {
            GenerateOutcome.Busy { IsRateLimited: true } busy => Limited(busy.Reason, busy.RetryAfter),
            GenerateOutcome.Busy { IsHeldBack: true } busy => For(Rest, busy.Reason),
            GenerateOutcome.Refused refused when refused.Errors.AreAboutCaller() => For(
                _options.Value.CredentialsPause,
                $"ZPK refused us, not the request: {refused.Errors[0].Id}"
            ) with
            {
                ErrorId = refused.Errors[0].Id,
            },
            _ => null,
        };

    /// <summary>The same for a check.</summary>
    public Hold? HoldOn(CheckOutcome outcome) =>
        outcome switch
        {
            CheckOutcome.Unavailable { IsRateLimited: true } busy => Limited(busy.Reason, busy.RetryAfter),
            CheckOutcome.Unavailable { IsHeldBack: true } unavailable => For(Rest, unavailable.Reason),
            CheckOutcome.Refused refused when refused.Errors.AreAboutCaller() => For(
                _options.Value.CredentialsPause,
                $"ZPK refused the check: {refused.Errors[0].Id}"
            ),
            _ => null,
        };

    private Hold Limited(string reason, TimeSpan? retryAfter) =>
        For(Bounded(retryAfter) ?? TimeSpan.Zero, reason) with
        {
            Refusal = new(retryAfter),
        };

    private Hold For(TimeSpan rest, string reason) => new(_time.GetUtcNow() + rest, reason);

    private void NoteLimit(TimeSpan? retryAfter)
    {
        IsOnTrial = false;
        if (_longRetryAfter.IsNew(retryAfter > LongestPause ? retryAfter.ToString() : null))
            Log.LongRetryAfter(_logger, retryAfter!.Value, LongestPause);
    }

    private void NoteRefusal(IReadOnlyList<ZpkError> errors)
    {
        var pause = _options.Value.CredentialsPause;
        CredentialsRefused = errors.AreAboutCredentials();
        IsOnTrial &= CredentialsRefused;
        if (CredentialsRefused)
        {
            if (CloseAll(pause, "ZPK refused our credentials"))
                Log.CredentialsRefused(_logger, errors[0].Id, pause);
        }
        else if (errors.AreAboutAccount())
        {
            AccountRefused = true;
            if (Close(ref _payingPause, pause, $"ZPK refuses paid calls because of our account ({errors[0].Id})"))
                Log.AccountRefused(_logger, errors[0].Id, pause);
        }
    }

    private (DateTimeOffset Until, string Reason)? Current(ref (DateTimeOffset Until, string Reason) pause)
    {
        lock (_gate)
            return pause.Until > _time.GetUtcNow() ? pause : null;
    }

    private bool CloseAll(TimeSpan length, string why)
    {
        IsOnTrial = true;
        return Close(ref _pause, length, why);
    }

    /// <summary>Makes the pause at least so long. True if it begins now.</summary>
    private bool Close(ref (DateTimeOffset Until, string Reason) pause, TimeSpan length, string why)
    {
        lock (_gate)
        {
            var now = _time.GetUtcNow();
            var until = now + (length < LongestPause ? length : LongestPause);
            var begins = pause.Until <= now;
            if (until > pause.Until)
                pause = (until, why);
            if (begins)
                Log.Closed(_logger, until, why);
            return begins;
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
            3,
            LogLevel.Error,
            "ZPK refuses paid calls because of our account ({ErrorId}). Look at its balance and limits at ZPK; requests wait, nothing is lost, and it is tried again in {Pause}"
        )]
        public static partial void AccountRefused(ILogger logger, string errorId, TimeSpan pause);

        [LoggerMessage(
            4,
            LogLevel.Warning,
            "ZPK answers 429 and asks to wait for {Asked}; {Believed} at most are believed"
        )]
        public static partial void LongRetryAfter(ILogger logger, TimeSpan asked, TimeSpan believed);

        [LoggerMessage(
            2,
            LogLevel.Warning,
            "Calls to ZPK pause until {Until:u}: {Reason}. Requests wait, nothing is lost"
        )]
        public static partial void Closed(ILogger logger, DateTimeOffset until, string reason);
    }
}
