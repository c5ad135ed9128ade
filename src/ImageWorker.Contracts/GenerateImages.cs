namespace ImageWorker.Contracts;

/// <summary>
/// Starts a request for images. Published to the exchange <c>generate-images</c>, as a MassTransit envelope or as
/// bare JSON with camelCase names. Every command is closed by exactly one <see cref="ImagesReady"/> or
/// <see cref="ImagesFailed"/>.
/// </summary>
public sealed record GenerateImages
{
    /// <summary>
    /// The idempotency key, required and not all zeros. A command with the same id is the same request, and is never
    /// paid again. With other parameters it is refused, and the first request stays untouched.
    /// </summary>
    public Guid RequestId { get; init; }

    /// <summary>A description of the images, required, 1 to 4000 characters (Unicode code points).</summary>
    public string Prompt { get; init; } = "";

    /// <summary>How many images, 1 to 20, default 1.</summary>
    public int Count { get; init; } = 1;

    /// <summary><c>zpk-ultra</c> (default) or <c>dall-e-3</c>.</summary>
    public string Model { get; init; } = "zpk-ultra";

    /// <summary><c>standard</c> (default) or <c>hq</c>.</summary>
    public string Quality { get; init; } = "standard";

    /// <summary><c>vivid</c> (default) or <c>natural</c>.</summary>
    public string Style { get; init; } = "vivid";

    /// <summary><c>1024x1024</c> (default), <c>1024x1792</c> or <c>1792x1024</c>.</summary>
    public string Resolution { get; init; } = "1024x1024";

    /// <summary>Asks ZPK for its uniqueness guard, at a surcharge an image. Default false.</summary>
    public bool UniqueGuard { get; init; }

    /// <summary>Deadline of the whole request in seconds from its first turn, 1 to 86400, default 1800.</summary>
    public int TimeoutSeconds { get; init; } = 1800;

    /// <summary>
    /// <c>high</c>, <c>normal</c> (default) or <c>low</c>: whose turn is next while requests wait, 16 : 4 : 1. A command
    /// that comes again may have another one.
    /// </summary>
    public string Priority { get; init; } = "normal";

    /// <summary>
    /// Whom the request is for, 1 to 64 lower-case letters, digits, <c>.</c>, <c>_</c> and <c>-</c>. Tenants take turns,
    /// and can have limits. Echoed on every event. Null (default) is a tenant like any other; <c>default</c> is reserved.
    /// </summary>
    public string? Tenant { get; init; }

    /// <summary>
    /// The longest wait for the first turn in seconds, 1 to 86400. After it the request closes as
    /// <see cref="FailureReason.DeadlineExceeded"/>, and nothing was paid. Null (default): it waits.
    /// </summary>
    public int? StartWithinSeconds { get; init; }

    /// <summary>
    /// Budget in EUR. A request whose estimate is above it is refused before anything is paid, and no image is resent
    /// beyond it. Null (default): no budget.
    /// </summary>
    public decimal? MaxCost { get; init; }

    /// <summary>True: also publish <see cref="ImageGenerated"/> as each image appears. Default false.</summary>
    public bool Progress { get; init; }

    /// <summary>Echoed on every event; keys and values at most 4096 bytes of UTF-8 together. Default null.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }
}
