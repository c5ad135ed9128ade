using System.Runtime.InteropServices;

namespace ImageWorker.ZpkSimulator.Pricing;

/// <summary>What a price depends on; each number is an index into the lists of <see cref="PriceTable"/>.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct PriceClass(byte Model, byte Quality, byte Resolution, bool UniqueGuard);

/// <summary>The prices of the API's page, in EUR an image, with the page's four digits. The first of a list is the default.</summary>
internal static class PriceTable
{
    public static readonly string[] Models = ["zpk-ultra", "dall-e-3"];
    public static readonly string[] Qualities = ["standard", "hq"];
    public static readonly string[] Resolutions = ["1024x1024", "1024x1792", "1792x1024"];

    private const decimal UniqueGuard = 0.0030m;

    public static decimal PerImage(PriceClass priceClass)
    {
        var large = priceClass.Resolution != 0;
        var price = (priceClass.Model, priceClass.Quality) switch
        {
            (0, 0) => large ? 0.0780m : 0.0380m,
            (0, _) => large ? 0.1100m : 0.0780m,
            (_, 0) => large ? 0.0790m : 0.0390m,
            _ => large ? 0.1170m : 0.0790m,
        };
        return priceClass.UniqueGuard ? price + UniqueGuard : price;
    }

    public static (int Width, int Height) Size(PriceClass priceClass) =>
        priceClass.Resolution switch
        {
            0 => (1024, 1024),
            1 => (1024, 1792),
            _ => (1792, 1024),
        };
}
