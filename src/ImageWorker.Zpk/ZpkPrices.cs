namespace ImageWorker.Zpk;

/// <summary>
/// The price table in EUR, for estimates and budgets; what ZPK reports is the truth. The defaults are those of
/// the API's page and can be replaced or added to one by one: <c>Zpk:Prices:Images:zpk-ultra.hq.1024x1024</c>.
/// </summary>
public sealed class ZpkPrices
{
    /// <summary>The price of one image, by <c>model.quality.resolution</c> in the API's words.</summary>
    public IDictionary<string, decimal> Images { get; } =
        new Dictionary<string, decimal>(StringComparer.OrdinalIgnoreCase)
        {
            ["zpk-ultra.standard.1024x1024"] = 0.0380m,
            ["zpk-ultra.standard.1024x1792"] = 0.0780m,
            ["zpk-ultra.standard.1792x1024"] = 0.0780m,
            ["zpk-ultra.hq.1024x1024"] = 0.0780m,
            ["zpk-ultra.hq.1024x1792"] = 0.1100m,
            ["zpk-ultra.hq.1792x1024"] = 0.1100m,
            ["dall-e-3.standard.1024x1024"] = 0.0390m,
            ["dall-e-3.standard.1024x1792"] = 0.0790m,
            ["dall-e-3.standard.1792x1024"] = 0.0790m,
            ["dall-e-3.hq.1024x1024"] = 0.0790m,
            ["dall-e-3.hq.1024x1792"] = 0.1170m,
            ["dall-e-3.hq.1792x1024"] = 0.1170m,
        };

    /// <summary>What <c>unique_guard</c> adds to each image; default 0.003.</summary>
    public decimal UniqueGuard { get; set; } = 0.003m;

    /// <summary>
    /// The price of <paramref name="count"/> images (0 or more), exact; null where the table has no such image.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    public decimal? Estimate(string model, string quality, string resolution, bool uniqueGuard, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return Images.TryGetValue($"{model}.{quality}.{resolution}", out var price)
            ? count * (price + (uniqueGuard ? UniqueGuard : 0m))
            : null;
    }
}
