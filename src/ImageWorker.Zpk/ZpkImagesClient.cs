using System.Diagnostics.Metrics;
using ImageWorker.Zpk.Pictures;
using ImageWorker.Zpk.Resilience;
using ImageWorker.Zpk.Wire;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ImageWorker.Zpk;

/// <summary>
/// The ZPK image API. Expected ends are outcomes to switch over; what is thrown is a bug or the caller's own
/// cancellation. Thread-safe; one instance a process shares one circuit breaker.
/// </summary>
public sealed class ZpkImagesClient
{
    /// <summary>The meter of <c>imageworker.zpk.call.duration</c>, with the tags <c>call</c> and <c>outcome</c>.</summary>
    public const string MeterName = ZpkMetrics.MeterName;

    /// <summary>An option of each HTTP request to the API: true if ZPK may charge for it. For traces.</summary>
    public static readonly HttpRequestOptionsKey<bool> IsPaid = new("imageworker.paid");

    private const int MaxIdLength = 16;

    private readonly ZpkOptions _options;
    private readonly TimeProvider _time;
    private readonly ApiCall _api;
    private readonly CallGuard _guard;
    private readonly ZpkMetrics _metrics;
    private readonly PictureDownload _pictures;

    /// <summary>Made by the container: see <see cref="ZpkServiceCollectionExtensions"/>.</summary>
    public ZpkImagesClient(
        IHttpClientFactory clients,
        IOptions<ZpkOptions> options,
        TimeProvider time,
        ILoggerFactory logging,
        IMeterFactory meters
    )
    {
        _options = options.Value;
        _time = time;
        _api = new ApiCall(clients, _options, time);
        _guard = new CallGuard(_options, time, logging);
        _metrics = new ZpkMetrics(meters);
        _pictures = new PictureDownload(clients, _options, time);
    }

    /// <summary>True from repeated failures until a call gets through again: most calls are not made meanwhile.</summary>
    public bool IsCircuitOpen => _guard.IsOpen;

    /// <summary>
    /// Asks for images, and is charged for them. Sent at most once: never retried, never redirected.
    /// </summary>
    /// <exception cref="ArgumentException">The id is not 1 to 16 ASCII letters and digits.</exception>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="ct"/> was cancelled. The call may have been sent: treat it as
    /// <see cref="GenerateOutcome.Unknown"/>.
    /// </exception>
    public async Task<GenerateOutcome> GenerateAsync(GenerateParameters parameters, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        if (
            parameters.UniqueRequestId is { } id
            && (id.Length is 0 or > MaxIdLength || !id.All(char.IsAsciiLetterOrDigit))
        )
            throw new ArgumentException("The id must be 1 to 16 ASCII letters and digits.", nameof(parameters));

        var start = _time.GetTimestamp();
        var reply = await Credentials.ReadAsync(_options, ct) is { } credentials
            ? await _guard.OnceAsync(
                token =>
                    _api.PostAsync(
                        "api/images/generate",
                        isPaid: true,
                        GenerateBody.Write(parameters, credentials),
                        credentials,
                        start,
                        _options.GenerateTimeout,
                        token
                    ),
                ct
            )
            : NoKey();
        var outcome = Outcomes.OfGenerate(reply);
        _metrics.Called(_time.GetElapsedTime(start), outcome);
        return outcome;
    }

    /// <summary>Asks how a submission stands; free, and retried when ZPK does not answer.</summary>
    /// <param name="uniqueRequestId">The submission's id, the caller's or ZPK's own.</param>
    /// <param name="ct">Cancels the call and its retries.</param>
    /// <exception cref="OperationCanceledException"><paramref name="ct"/> was cancelled.</exception>
    public Task<CheckOutcome> CheckStatusAsync(string uniqueRequestId, CancellationToken ct = default) =>
        CheckAsync(uniqueRequestId, _guard.RetriedAsync, ct);

    /// <summary>The same as one call, for a caller that paces its calls and plans its retries itself.</summary>
    /// <param name="uniqueRequestId">The submission's id, the caller's or ZPK's own.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <exception cref="OperationCanceledException"><paramref name="ct"/> was cancelled.</exception>
    public Task<CheckOutcome> CheckStatusOnceAsync(string uniqueRequestId, CancellationToken ct = default) =>
        CheckAsync(uniqueRequestId, _guard.OnceAsync, ct);

    /// <summary>
    /// The wait for a submission just accepted: as the page asks, the first check comes only once the
    /// <c>wait_time</c> of <paramref name="accepted"/> has passed. Else the same as without it.
    /// </summary>
    /// <param name="uniqueRequestId">The submission's id.</param>
    /// <param name="accepted">What the generate call answered.</param>
    /// <param name="progress">Told of every check's answer, the last included; may be null.</param>
    /// <param name="ct">Ends the wait.</param>
    /// <exception cref="OperationCanceledException"><paramref name="ct"/> was cancelled.</exception>
    public async Task<CheckOutcome> WaitForCompletionAsync(
        string uniqueRequestId,
        ZpkAnswer accepted,
        IProgress<ZpkAnswer>? progress,
        CancellationToken ct
    )
    {
        ArgumentNullException.ThrowIfNull(accepted);
        if (!accepted.IsSettled)
            await Task.Delay(CompletionWait.Until(accepted), _time, ct);
        return await WaitForCompletionAsync(uniqueRequestId, progress, ct);
    }

    /// <summary>
    /// Checks now, and until every image that ZPK lists is generated or failed, each time waiting as the API's
    /// <c>wait_time</c> says (1 s to 1 min). Returns that last answer, or what ended the wait: a refusal, five
    /// failed checks in a row, or an id still not found after <see cref="ZpkOptions.SettleTime"/>. It has no
    /// deadline of its own: cancel <paramref name="ct"/>.
    /// </summary>
    /// <param name="uniqueRequestId">The submission's id.</param>
    /// <param name="progress">Told of every answer, the last included; may be null.</param>
    /// <param name="ct">Ends the wait.</param>
    /// <exception cref="OperationCanceledException"><paramref name="ct"/> was cancelled.</exception>
    public async Task<CheckOutcome> WaitForCompletionAsync(
        string uniqueRequestId,
        IProgress<ZpkAnswer>? progress,
        CancellationToken ct
    )
    {
        var start = _time.GetTimestamp();
        var failures = 0;
        var seen = false;
        while (true)
        {
            var outcome = await CheckStatusAsync(uniqueRequestId, ct);
            failures = outcome is CheckOutcome.Unavailable ? failures + 1 : 0;
            TimeSpan pause;
            switch (outcome)
            {
                case CheckOutcome.Found found:
                    seen = true;
                    progress?.Report(found.Answer);
                    if (found.Answer.IsSettled)
                        return found;
                    pause = CompletionWait.Until(found.Answer);
                    break;
                case CheckOutcome.NotFound when !seen && _time.GetElapsedTime(start) < _options.SettleTime:
                    pause = CompletionWait.Default;
                    break;
                case CheckOutcome.Unavailable unavailable when failures < CompletionWait.MaxFailures:
                    pause = CompletionWait.Within(unavailable.RetryAfter ?? CompletionWait.Default);
                    break;
                default:
                    return outcome;
            }
            await Task.Delay(pause, _time, ct);
        }
    }

    /// <summary>
    /// Copies a generated picture into a stream. Only https (plain http to this machine, or with
    /// <see cref="ZpkOptions.AllowInsecure"/>), only an image, only up to <see cref="ZpkOptions.MaxPictureBytes"/>.
    /// </summary>
    /// <exception cref="OperationCanceledException"><paramref name="ct"/> was cancelled.</exception>
    /// <exception cref="IOException">The destination could not be written.</exception>
    public async Task<DownloadOutcome> DownloadAsync(Uri imageUrl, Stream destination, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(imageUrl);
        ArgumentNullException.ThrowIfNull(destination);
        var texts = new ServerText(_options, await Credentials.ReadAsync(_options, ct));
        return await _pictures.SaveAsync(imageUrl, destination, texts, ct);
    }

    private async Task<CheckOutcome> CheckAsync(
        string uniqueRequestId,
        Func<Func<CancellationToken, Task<Reply>>, CancellationToken, Task<Reply>> guarded,
        CancellationToken ct
    )
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(uniqueRequestId);
        var start = _time.GetTimestamp();
        var reply = await Credentials.ReadAsync(_options, ct) is { } credentials
            ? await guarded(
                token =>
                    _api.PostAsync(
                        "api/images/check-status",
                        isPaid: false,
                        CheckBody.Write(uniqueRequestId, credentials),
                        credentials,
                        _time.GetTimestamp(),
                        _options.CheckTimeout,
                        token
                    ),
                ct
            )
            : NoKey();
        var outcome = Outcomes.OfCheck(reply);
        _metrics.Called(_time.GetElapsedTime(start), outcome);
        return outcome;
    }

    private static Reply.NotSent NoKey() =>
        new($"the file of {ZpkOptions.Section}:{nameof(ZpkOptions.ApiKeyFile)} holds no readable key: no call was made")
        {
            IsHeldBack = true,
        };
}
