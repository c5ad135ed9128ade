using ImageWorker.Requests;
using ImageWorker.Saga;
using ImageWorker.Zpk;
using ImageWorker.Zpk.Callbacks;
using Microsoft.Extensions.Options;

namespace ImageWorker.Callbacks;

/// <summary>
/// <c>POST /zpk/callbacks/{token}</c>: ZPK's hint that images of a submission completed. The form of its body is
/// undocumented, so the body is not even read. The hint brings the next check forward, and the check's answer counts. A
/// lost hint changes nothing but timing.
/// </summary>
public sealed partial class CallbackEndpoint(
    CallbackTokens tokens,
    CallbackThrottle throttle,
    IOptions<ZpkOptions> zpk,
    RequestDoor door,
    TimeProvider time,
    ILogger<CallbackEndpoint> logger
)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>The callback address of a submission, for ZPK; null if no base address is configured.</summary>
    public async Task<Uri?> AddressForAsync(Guid requestId, string submissionId) =>
        zpk.Value.CallbackBaseUrl is { } publicAddress
        && await tokens.IssueAsync($"{requestId:N}{submissionId}") is { } token
            ? new Uri($"{publicAddress.AbsoluteUri.TrimEnd('/')}/zpk/callbacks/{token}")
            : null;

    public async Task<IResult> ReceiveAsync(string token, CancellationToken ct)
    {
        if (
            await tokens.VerifyAsync(token, ct) is not { Length: > 32 } subject
            || !Guid.TryParse(subject[..32], out var requestId)
        )
            return Results.NotFound();

        if (throttle.NextTurn(subject) is { } wait)
            _ = HintAsync(new CallbackReceived(requestId, subject[32..]), wait);
        return Results.Accepted();
    }

    private async Task HintAsync(CallbackReceived hint, TimeSpan wait)
    {
        try
        {
            if (wait > TimeSpan.Zero)
                await Task.Delay(wait, time);
            using var patience = new CancellationTokenSource(Patience);
            await door.TellAsync(hint, patience.Token);
        }
        catch (Exception exception)
        {
            Log.HintLost(logger, hint.RequestId, exception.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            1,
            LogLevel.Debug,
            "Request {RequestId}: a callback could not be handed on: {Error}; its next check comes at its time"
        )]
        public static partial void HintLost(ILogger logger, Guid requestId, string error);
    }
}
