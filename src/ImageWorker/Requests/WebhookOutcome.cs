using System.Text.Json.Serialization;

namespace ImageWorker.Requests;

/// <summary>How far the post of a closing event is.</summary>
/// <param name="State">Whether it arrived.</param>
/// <param name="Tries">How often it was tried.</param>
/// <param name="Answer">What the receiver answered last, or why it did not.</param>
/// <param name="At">When that was.</param>
/// <param name="NextAt">When it is tried again; null for never.</param>
public sealed record WebhookOutcome(
    WebhookState State,
    int Tries,
    string Answer,
    DateTimeOffset At,
    DateTimeOffset? NextAt
);

/// <summary>Whether a post arrived. Stored as its name.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<WebhookState>))]
public enum WebhookState
{
    Delivered,

    /// <summary>It is tried again.</summary>
    Retrying,

    /// <summary>It is not tried again.</summary>
    GivenUp,
}
