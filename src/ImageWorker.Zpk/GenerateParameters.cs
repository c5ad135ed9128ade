namespace ImageWorker.Zpk;

/// <summary>
/// What one generate call asks for. Only <see cref="Prompt"/> is required; the defaults are the API's own.
/// Values are sent as they are and the API judges them, except the id, which decides over a second payment.
/// </summary>
public sealed record GenerateParameters
{
    /// <summary>A description of the image. The API refuses an empty one.</summary>
    public required string Prompt { get; init; }

    /// <summary>One of <see cref="ImageModel"/>; default <c>zpk-ultra</c>.</summary>
    public string Model { get; init; } = ImageModel.ZpkUltra;

    /// <summary>How many images, 1 to 20; default 1.</summary>
    public int Num { get; init; } = 1;

    /// <summary>
    /// The caller's name for this submission: 1 to 16 ASCII letters and digits; anything else is an
    /// <see cref="ArgumentException"/>, because an id the API shortens or alters could not be looked up again.
    /// Null (the default): ZPK makes one up, and a lost answer can then never be looked up.
    /// </summary>
    public string? UniqueRequestId { get; init; }

    /// <summary>Where ZPK reports finished images (http or https); null (the default): nowhere.</summary>
    public Uri? CallbackUrl { get; init; }

    /// <summary>One of <see cref="Zpk.ConnectionType"/>; default <c>fast</c>.</summary>
    public string ConnectionType { get; init; } = Zpk.ConnectionType.Fast;

    /// <summary>One of <see cref="ImageQuality"/>; default <c>standard</c>.</summary>
    public string Quality { get; init; } = ImageQuality.Standard;

    /// <summary>One of <see cref="ImageStyle"/>; default <c>vivid</c>.</summary>
    public string Style { get; init; } = ImageStyle.Vivid;

    /// <summary>One of <see cref="ImageResolution"/>; default <c>1024x1024</c>.</summary>
    public string Resolution { get; init; } = ImageResolution.Square;

    /// <summary>Ask for unusual images, at an extra price an image; default false.</summary>
    public bool UniqueGuard { get; init; }

    /// <summary>The parameters without the prompt and the callback address, whose path may be a secret.</summary>
    public override string ToString() =>
        $"{Num} x {Model} {Quality} {Style} {Resolution}, id {UniqueRequestId ?? "none"}, unique guard {UniqueGuard}";
}
