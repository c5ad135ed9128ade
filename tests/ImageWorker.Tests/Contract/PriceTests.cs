using ImageWorker.Zpk;

namespace ImageWorker.Tests.Contract;

/// <summary>Money as text: the scale must survive too.</summary>
public sealed class PriceTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("zpk-ultra", "standard", "1024x1024", false, "0.0380", "0.1140")]
    [InlineData("zpk-ultra", "standard", "1024x1792", false, "0.0780", "0.2340")]
    [InlineData("zpk-ultra", "standard", "1792x1024", false, "0.0780", "0.2340")]
    [InlineData("zpk-ultra", "hq", "1024x1024", false, "0.0780", "0.2340")]
    [InlineData("zpk-ultra", "hq", "1024x1792", false, "0.1100", "0.3300")]
    [InlineData("zpk-ultra", "hq", "1792x1024", false, "0.1100", "0.3300")]
    [InlineData("dall-e-3", "standard", "1024x1024", false, "0.0390", "0.1170")]
    [InlineData("dall-e-3", "standard", "1024x1792", false, "0.0790", "0.2370")]
    [InlineData("dall-e-3", "standard", "1792x1024", false, "0.0790", "0.2370")]
    [InlineData("dall-e-3", "hq", "1024x1024", false, "0.0790", "0.2370")]
    [InlineData("dall-e-3", "hq", "1024x1792", false, "0.1170", "0.3510")]
    [InlineData("dall-e-3", "hq", "1792x1024", false, "0.1170", "0.3510")]
    [InlineData("zpk-ultra", "standard", "1024x1024", true, "0.0410", "0.1230")]
    [InlineData("zpk-ultra", "standard", "1024x1792", true, "0.0810", "0.2430")]
    [InlineData("zpk-ultra", "standard", "1792x1024", true, "0.0810", "0.2430")]
    [InlineData("zpk-ultra", "hq", "1024x1024", true, "0.0810", "0.2430")]
    [InlineData("zpk-ultra", "hq", "1024x1792", true, "0.1130", "0.3390")]
    [InlineData("zpk-ultra", "hq", "1792x1024", true, "0.1130", "0.3390")]
    [InlineData("dall-e-3", "standard", "1024x1024", true, "0.0420", "0.1260")]
    [InlineData("dall-e-3", "standard", "1024x1792", true, "0.0820", "0.2460")]
    [InlineData("dall-e-3", "standard", "1792x1024", true, "0.0820", "0.2460")]
    [InlineData("dall-e-3", "hq", "1024x1024", true, "0.0820", "0.2460")]
    [InlineData("dall-e-3", "hq", "1024x1792", true, "0.1200", "0.3600")]
    [InlineData("dall-e-3", "hq", "1792x1024", true, "0.1200", "0.3600")]
    public async Task Estimate_answer_check_and_ledger_agree_to_the_last_digit(
        string model,
        string quality,
        string resolution,
        bool uniqueGuard,
        string anImage,
        string three
    )
    {
        await using var api = await ClientAndSimulator.StartAsync();
        var parameters = new GenerateParameters
        {
            Prompt = "a lighthouse",
            Model = model,
            Quality = quality,
            Resolution = resolution,
            UniqueGuard = uniqueGuard,
            Num = 3,
            UniqueRequestId = ClientAndSimulator.Id,
        };

        var accepted = Assert.IsType<GenerateOutcome.Accepted>(await api.Zpk.GenerateAsync(parameters, Ct)).Answer;
        var found = await api.FoundAsync();
        var estimate = new ZpkPrices().Estimate(model, quality, resolution, uniqueGuard, 3);

        Assert.Equal(three, accepted.Cost.ToString());
        Assert.Equal(three, estimate.ToString());
        Assert.Equal(three, api.Entry().Charged.ToString());
        Assert.Equal(6, accepted.Images.Count + found.Images.Count);
        Assert.All(accepted.Images.Concat(found.Images), image => Assert.Equal(anImage, image.Cost.ToString()));
    }

    [Theory]
    [InlineData(1, "0.0380")]
    [InlineData(20, "0.7600")]
    public async Task A_submission_costs_its_images_together(int num, string cost)
    {
        await using var api = await ClientAndSimulator.StartAsync();

        var accepted = await api.AcceptedAsync("a lighthouse", num);

        Assert.Equal(cost, accepted.Cost.ToString());
        Assert.Equal((num, cost), (api.Ledger.Totals.ImagesPaid, api.Ledger.Totals.Charged.ToString()));
    }

    [Theory]
    [InlineData(true, "0.0380")]
    [InlineData(false, "0.0000")]
    public async Task A_failed_image_costs_what_zpk_last_says(bool charged, string cost)
    {
        await using var api = await ClientAndSimulator.StartAsync(simulator => simulator.ChargeFailedImages = charged);
        var accepted = await api.AcceptedAsync("a lighthouse [policy 0] [general-error 1]", num: 3);

        var settled = await api.CompletedAsync(accepted);

        Assert.Equal("0.1140", accepted.Cost.ToString());
        Assert.Equal(
            [cost, cost, "0.0380"],
            settled.Images.Select(image => image.Cost.ToString()),
            StringComparer.Ordinal
        );
        Assert.Equal(settled.Images.Sum(image => image.Cost), api.Entry().Charged);
    }
}
