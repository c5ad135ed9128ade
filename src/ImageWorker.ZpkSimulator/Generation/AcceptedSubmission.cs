using ImageWorker.ZpkSimulator.Pricing;

namespace ImageWorker.ZpkSimulator.Generation;

/// <summary>
/// Everything decided when a generate call is accepted; also one line of the state file. The origin is the scheme and
/// host under which the client reached the server, for the image addresses in callbacks; a resend stands for an image of the same prompt
/// that ended as GENERAL_ERROR.
/// </summary>
internal sealed record AcceptedSubmission(
    string Id,
    string Prompt,
    string? Tag,
    PriceClass PriceClass,
    DateTimeOffset AcceptedAt,
    DateTimeOffset VisibleAt,
    string? CallbackUrl,
    string Origin,
    bool Resend,
    ImagePlan[] Images
);
