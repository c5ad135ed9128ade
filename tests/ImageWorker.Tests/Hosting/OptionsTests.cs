using ImageWorker.Hosting;
using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Submission;
using ImageWorker.Zpk;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ImageWorker.Tests.Hosting;

public sealed class OptionsTests
{
    [Theory]
    [InlineData("Requests:MaxResends", "21")]
    [InlineData("Requests:MinWait", "00:00:00")]
    [InlineData("Requests:CoalesceShare", "2")]
    [InlineData("Submission:CredentialsPause", "00:00:00")]
    [InlineData("Delivery:SweepBatch", "0")]
    [InlineData("Queues:Prefix", "a/b")]
    public async Task A_value_out_of_range_stops_the_start_and_names_its_key(string key, string value)
    {
        var mistake = await Record.ExceptionAsync(() => ReadAsync(key, value));

        Assert.Contains(
            key.Split(':')[1],
            Assert.IsType<OptionsValidationException>(mistake).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("Requests:MaxResend", "2")]
    [InlineData("Delivery:Leese", "00:00:10")]
    [InlineData("Zpk:ApiKeyFiel", "/run/secrets/zpk")]
    public async Task An_unknown_key_stops_the_start_and_is_named(string key, string value)
    {
        var mistake = await Record.ExceptionAsync(() => ReadAsync(key, value));

        Assert.Contains(
            key.Split(':')[1],
            Assert.IsType<ConfigurationException>(mistake).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("Zpk:AccountErrorIds", "NO_MONEY")]
    [InlineData("Zpk:AccountErrorIds:0", "NO_MONEY")]
    public async Task A_list_takes_one_text_or_a_key_for_each_word(string key, string value)
    {
        await using var worker = await WorkerUnderTest.StartAsync(settings: One(key, value));

        var zpk = worker.Services.GetRequiredService<IOptions<ZpkOptions>>().Value;
        Assert.Contains("NO_MONEY", zpk.AccountErrorIds, StringComparer.Ordinal);
        Assert.Contains("PAYMENT_REQUIRED", zpk.AccountErrorIds, StringComparer.Ordinal);
    }

    [Fact]
    public async Task A_prefix_is_put_before_every_queue()
    {
        await using var worker = await WorkerUnderTest.StartAsync(settings: One("Queues:Prefix", "test-"));

        var queues = worker.Services.GetRequiredService<Queues>();
        Assert.Equal(("test-generate-images", "test-cancel-images"), (queues.GenerateImages, queues.CancelImages));
        Assert.Equal(
            "Withdrawn",
            (await worker.HandleAsync(new Contracts.CancelImages { RequestId = Guid.NewGuid() })).State
        );
    }

    /// <summary>A tool's start reads all options; here each is read as that does.</summary>
    private static async Task ReadAsync(string key, string value)
    {
        await using var worker = await WorkerUnderTest.StartAsync(settings: One(key, value));
        _ = worker.Services.GetRequiredService<IOptions<RequestOptions>>().Value;
        _ = worker.Services.GetRequiredService<IOptions<SubmissionOptions>>().Value;
        _ = worker.Services.GetRequiredService<IOptions<DeliveryOptions>>().Value;
        _ = worker.Services.GetRequiredService<IOptions<QueueOptions>>().Value;
    }

    private static Dictionary<string, string?> One(string key, string value) =>
        new(StringComparer.Ordinal) { [key] = value };
}
