using ImageWorker.Zpk;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace ImageWorker.Tests.Zpk;

public sealed class ZpkOptionsTests
{
    [Fact]
    public void Two_keys_are_enough()
    {
        var options = Options();

        Assert.Equal(new Uri("https://zpk.systems"), options.BaseAddress);
        Assert.Equal(TimeSpan.FromSeconds(30), options.GenerateTimeout);
        Assert.Equal(TimeSpan.FromSeconds(10), options.CheckTimeout);
        Assert.Null(options.CallbackBaseUrl);
    }

    [Theory]
    [InlineData("BaseAddress", "http://zpk.systems")]
    [InlineData("BaseAddress", "zpk.systems")]
    [InlineData("BaseAddress", "ftp://zpk.systems")]
    [InlineData("BaseAddress", "https://user:hunter2@zpk.systems")]
    [InlineData("BaseAddress", "https://zpk.systems?key=1")]
    [InlineData("BaseAddress", "")]
    [InlineData("ApplicationId", " ")]
    [InlineData("ApiKey", "")]
    [InlineData("ApiKeyFile", "/no/such/file")]
    [InlineData("CallbackBaseUrl", "worker.example")]
    [InlineData("CallbackBaseUrl", "https://worker.example/?from=zpk")]
    [InlineData("CallbackBaseUrl", "https://worker.example/#zpk")]
    [InlineData("GenerateTimeout", "0")]
    [InlineData("GenerateTimeout", "-00:00:01")]
    [InlineData("CheckTimeout", "00:00:00")]
    [InlineData("CheckTotalTimeout", "2.00:00:00")]
    [InlineData("CheckRetryDelay", "-00:00:01")]
    [InlineData("CheckRetries", "11")]
    [InlineData("ConnectTimeout", "0")]
    [InlineData("BreakerFailureRatio", "0")]
    [InlineData("BreakerMinimumCalls", "1")]
    [InlineData("BreakerWindow", "00:00:00.1")]
    [InlineData("BreakerPause", "0")]
    [InlineData("SettleTime", "-1")]
    [InlineData("DownloadTimeout", "0")]
    [InlineData("MaxAnswerBytes", "1")]
    [InlineData("MaxPictureBytes", "0")]
    [InlineData("Prices:UniqueGuard", "-0.003")]
    [InlineData("Prices:Images:zpk-ultra.hq.1024x1024", "-1")]
    [InlineData("Prices:Images:zpk-ultra", "0.1")]
    public async Task A_wrong_value_stops_the_start_with_one_line_that_names_the_key(string key, string value)
    {
        using var host = Host((key, value));

        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() =>
            host.StartAsync(TestContext.Current.CancellationToken)
        );

        var line = Assert.Single(failure.Failures);
        Assert.StartsWith($"Zpk:{key} (Zpk__{key.Replace(":", "__")}) ", line);
        Assert.DoesNotContain('\n', line);
        Assert.DoesNotContain("hunter2", line);
    }

    [Theory]
    [InlineData("GenerateTimeout", "soon")]
    [InlineData("CheckRetries", "many")]
    [InlineData("Prices:Images:zpk-ultra.hq.1024x1024", "cheap")]
    public async Task A_value_of_the_wrong_kind_stops_the_start_and_names_the_key(string key, string value)
    {
        using var host = Host((key, value));

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            host.StartAsync(TestContext.Current.CancellationToken)
        );

        Assert.Contains($"Zpk:{key}", failure.Message);
    }

    [Theory]
    [InlineData("http://localhost:5000")]
    [InlineData("http://127.0.0.1:5000")]
    [InlineData("http://[::1]:5000")]
    [InlineData("https://proxy.example/zpk/")]
    public void Plain_http_reaches_this_machine_only(string address) =>
        Assert.Equal(new Uri(address), Options(("BaseAddress", address)).BaseAddress);

    [Fact]
    public void Plain_http_elsewhere_needs_the_explicit_word() =>
        Assert.True(Options(("BaseAddress", "http://zpk.internal"), ("AllowInsecure", "true")).AllowInsecure);

    [Fact]
    public void A_key_file_stands_for_the_key()
    {
        using var file = new KeyFile("from-the-file");

        Assert.Equal("", Options(("ApiKey", ""), ("ApiKeyFile", file.Path)).ApiKey);
    }

    [Fact]
    public void A_price_is_replaced_and_one_added_by_configuration()
    {
        var prices = Options(
            ("Prices:Images:zpk-ultra.standard.1024x1024", "0.0400"),
            ("Prices:Images:zpk-mega.standard.1024x1024", "0.2")
        ).Prices;

        Assert.Equal("0.0400", prices.Estimate("zpk-ultra", "standard", "1024x1024", false, 1).ToString());
        Assert.Equal(0.2m, prices.Estimate("zpk-mega", "standard", "1024x1024", false, 1));
        Assert.Equal(0.1170m, prices.Estimate("dall-e-3", "hq", "1792x1024", false, 1));
    }

    private static ZpkOptions Options(params (string Key, string Value)[] settings)
    {
        using var host = Host(settings);
        return host.Services.GetRequiredService<IOptions<ZpkOptions>>().Value;
    }

    private static IHost Host(params (string Key, string Value)[] settings)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(
            new HostApplicationBuilderSettings()
        );
        builder.Configuration["Zpk:ApplicationId"] = "application";
        builder.Configuration["Zpk:ApiKey"] = "key";
        foreach (var (key, value) in settings)
            builder.Configuration[$"Zpk:{key}"] = value;
        builder.Services.AddZpkImages();
        return builder.Build();
    }
}
