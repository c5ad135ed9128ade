using ImageWorker.Requests;

namespace ImageWorker.Storage;

/// <summary>The requests that wait for their first turns, in SQL.</summary>
public static class WaitingRequests
{
    /// <summary>The same as <see cref="RequestTurns.IsWaiting(ImageRequest)"/>. Indexes are made for just this text.</summary>
    public const string Condition = $"waiting_since IS NOT NULL AND state = '{RequestStates.Submitting}'";
}
