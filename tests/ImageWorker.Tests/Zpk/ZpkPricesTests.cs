using ImageWorker.Zpk;

namespace ImageWorker.Tests.Zpk;

public sealed class ZpkPricesTests
{
    [Theory]
    [InlineData("zpk-ultra", "standard", "1024x1024", "0.0380")]
    [InlineData("zpk-ultra", "standard", "1024x1792", "0.0780")]
    [InlineData("zpk-ultra", "standard", "1792x1024", "0.0780")]
    [InlineData("zpk-ultra", "hq", "1024x1024", "0.0780")]
    [InlineData("zpk-ultra", "hq", "1024x1792", "0.1100")]
    [InlineData("zpk-ultra", "hq", "1792x1024", "0.1100")]
    [InlineData("dall-e-3", "standard", "1024x1024", "0.0390")]
    [InlineData("dall-e-3", "standard", "1024x1792", "0.0790")]
    [InlineData("dall-e-3", "standard", "1792x1024", "0.0790")]
    [InlineData("dall-e-3", "hq", "1024x1024", "0.0790")]
    [InlineData("dall-e-3", "hq", "1024x1792", "0.1170")]
    [InlineData("dall-e-3", "hq", "1792x1024", "0.1170")]
    public void Each_cell_is_the_page_price(string model, string quality, string resolution, string price) =>
        Assert.Equal(price, new ZpkPrices().Estimate(model, quality, resolution, false, 1).ToString());

    [Fact]
    public void Every_combination_the_client_names_has_a_price()
    {
        var prices = new ZpkPrices();

        var estimates =
            from model in ImageModel.All
            from quality in ImageQuality.All
            from resolution in ImageResolution.All
            select prices.Estimate(model, quality, resolution, uniqueGuard: false, count: 1);

        Assert.Equal(12, estimates.Count(estimate => estimate > 0));
    }

    [Theory]
    [InlineData(false, 1, "0.0380")]
    [InlineData(true, 1, "0.0410")]
    [InlineData(true, 20, "0.8200")]
    [InlineData(true, 0, "0")]
    public void Unique_guard_and_count_are_reckoned_exactly(bool uniqueGuard, int count, string total) =>
        Assert.Equal(
            decimal.Parse(total),
            new ZpkPrices().Estimate("zpk-ultra", "standard", "1024x1024", uniqueGuard, count)
        );

    [Fact]
    public void An_image_that_the_table_does_not_have_has_no_estimate() =>
        Assert.Null(new ZpkPrices().Estimate("zpk-ultra", "standard", "2048x2048", false, 1));

    [Fact]
    public void A_negative_count_is_a_bug() =>
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            new ZpkPrices().Estimate("zpk-ultra", "standard", "1024x1024", false, -1)
        );
}
