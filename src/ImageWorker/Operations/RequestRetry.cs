using ImageWorker.Contracts;
using ImageWorker.Requests;
using ImageWorker.Storage;
using Microsoft.EntityFrameworkCore;

namespace ImageWorker.Operations;

/// <summary>
/// What retrying a request means: an open one does now what it waits for, a failed one is asked for again under a new id.
/// </summary>
public static class RequestRetry
{
    private const int Attempts = 10;

    /// <summary>Why it cannot be retried; null if it can.</summary>
    /// <param name="request">The request as stored.</param>
    /// <param name="mayPayAgain">True to ask again also where ZPK may have charged already.</param>
    public static string? Obstacle(ImageRequest request, bool mayPayAgain) =>
        request switch
        {
            { Command: null } =>
                $"request {request.CorrelationId} was cancelled before its command came: there is nothing to retry.",
            { ClosedAt: null } when request.IsWaiting() =>
                $"request {request.CorrelationId} waits for its turn: there is nothing to hurry up. 'requests show' says what is before it.",
            { ClosedAt: null } => null,
            { Reason: null } =>
                $"request {request.CorrelationId} is closed and has images: there is nothing to retry. Publish a new command for more.",
            { Reason: FailureReason.SubmissionUnresolved } when !mayPayAgain =>
                $"request {request.CorrelationId} has a submission that ZPK may have charged. Look it up at ZPK, then use --may-pay-again.",
            _ => null,
        };

    /// <summary>
    /// The command that asks for a failed request again. Its id is derived, so that who asks twice pays once.
    /// </summary>
    public static GenerateImages CommandAgain(ImageRequest request) =>
        request.Command! with
        {
            RequestId = DerivedMessageId.ForRetry(request.CorrelationId),
        };

    /// <summary>Makes all due now that the request waits for; false if it is closed by now.</summary>
    public static async Task<bool> HurryUpAsync(Database database, Guid id, DateTimeOffset now, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await database.InAsync(async db =>
                {
                    var row = await db.Requests.FirstOrDefaultAsync(
                        request => request.CorrelationId == id && request.ClosedAt == null,
                        ct
                    );
                    row?.HurryUp(now);
                    await db.SaveChangesAsync(ct);
                    return row is not null;
                });
            }
            catch (DbUpdateConcurrencyException) when (attempt < Attempts)
            {
                // A worker was faster. Its decision counts, and is hurried up in turn.
            }
        }
    }
}
