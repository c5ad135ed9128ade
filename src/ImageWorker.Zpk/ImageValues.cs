namespace ImageWorker.Zpk;

/// <summary>
/// The <c>model</c> words the API's page lists. Any other string is sent as it is: the API judges it, so a
/// model added there needs no new client.
/// </summary>
public static class ImageModel
{
    /// <summary>ZPK's own model, the API's default.</summary>
    public const string ZpkUltra = "zpk-ultra";

    /// <summary>OpenAI's model.</summary>
    public const string DallE3 = "dall-e-3";

    /// <summary>Every word above.</summary>
    public static IReadOnlyList<string> All { get; } = [ZpkUltra, DallE3];
}

/// <summary>The <c>quality</c> words the API knows (its PHP SDK lists them).</summary>
public static class ImageQuality
{
    /// <summary>The API's default.</summary>
    public const string Standard = "standard";

    /// <summary>More effort, at a higher price.</summary>
    public const string Hq = "hq";

    /// <summary>Every word above.</summary>
    public static IReadOnlyList<string> All { get; } = [Standard, Hq];
}

/// <summary>The <c>style</c> words the API knows (its PHP SDK lists them).</summary>
public static class ImageStyle
{
    /// <summary>The API's default.</summary>
    public const string Vivid = "vivid";

    /// <summary>Less dramatic.</summary>
    public const string Natural = "natural";

    /// <summary>Every word above.</summary>
    public static IReadOnlyList<string> All { get; } = [Vivid, Natural];
}

/// <summary>The <c>resolution</c> words the API's page lists, in pixels, width first; both models take all.</summary>
public static class ImageResolution
{
    /// <summary>The API's default.</summary>
    public const string Square = "1024x1024";

    /// <summary>Upright.</summary>
    public const string Portrait = "1024x1792";

    /// <summary>Lying.</summary>
    public const string Landscape = "1792x1024";

    /// <summary>Every word above.</summary>
    public static IReadOnlyList<string> All { get; } = [Square, Portrait, Landscape];
}

/// <summary>The <c>connection_type</c> words of the API's page.</summary>
public static class ConnectionType
{
    /// <summary>Answers at once, with a wait time an image. The API's default and its recommendation.</summary>
    public const string Fast = "fast";

    /// <summary>
    /// Answers when every image is done, after minutes perhaps: <see cref="ZpkOptions.GenerateTimeout"/> must
    /// be raised with it. Needs a <see cref="GenerateParameters.UniqueRequestId"/>.
    /// </summary>
    public const string Hold = "hold";

    /// <summary>Every word above.</summary>
    public static IReadOnlyList<string> All { get; } = [Fast, Hold];
}
