using System.Buffers.Binary;
using ImageWorker.Zpk;
using ImageWorker.ZpkSimulator.Api;

namespace ImageWorker.Tests.Contract;

/// <summary>An image from the answer that lists it to the picture.</summary>
public sealed class LifecycleTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(WaitTimeForm.Text)]
    [InlineData(WaitTimeForm.Number)]
    public async Task An_image_is_pending_then_generating_then_generated_with_the_wait_left(WaitTimeForm form)
    {
        await using var api = await ClientAndSimulator.StartAsync(simulator => simulator.WaitTimeForm = form);

        var accepted = await api.AcceptedAsync("a lighthouse");
        api.Clock.Advance(TimeSpan.FromSeconds(10));
        var running = await api.FoundAsync();
        api.Clock.Advance(TimeSpan.FromSeconds(20));
        var done = await api.FoundAsync();

        ZpkImage[] images = [accepted.Images[0], running.Images[0], done.Images[0]];
        Assert.Equal(
            [GenerationStatus.Pending, GenerationStatus.Generating, GenerationStatus.Generated],
            images.Select(image => image.Status)
        );
        Assert.Equal([30, 20, 0], images.Select(image => image.WaitTime?.TotalSeconds ?? -1));
        Assert.Equal([false, false, true], images.Select(image => image.ImageUrl is not null));
        Assert.Equal([false, false, true], images.Select(image => image.IsSettled));
        Assert.All(images, image => Assert.Null(image.ErrorId));
    }

    [Fact]
    public async Task Both_errors_are_settled_and_named_and_have_no_address()
    {
        await using var api = await ClientAndSimulator.StartAsync();
        var accepted = await api.AcceptedAsync("a lighthouse [general-error 0] [policy 1]", num: 3);

        var settled = await api.CompletedAsync(accepted);

        Assert.Equal(
            ["GENERAL_ERROR", "CONTENT_POLICY_VIOLATION", null],
            settled.Images.Select(image => image.ErrorId),
            StringComparer.Ordinal
        );
        Assert.Equal(
            [GenerationStatus.Error, GenerationStatus.Error, GenerationStatus.Generated],
            settled.Images.Select(image => image.Status)
        );
        Assert.Equal([true, true, false], settled.Images.Select(image => image.ImageUrl is null));
    }

    [Fact]
    public async Task A_general_error_is_resent_as_one_image_under_a_new_id()
    {
        await using var api = await ClientAndSimulator.StartAsync();
        const string Prompt = "a lighthouse [general-error 1]";
        await api.CompletedAsync(await api.AcceptedAsync(Prompt, num: 2));

        var resent = await api.CompletedAsync(await api.AcceptedAsync(Prompt, id: "resend1"), "resend1");

        var image = Assert.Single(resent.Images);
        Assert.Equal((0, GenerationStatus.Generated), (image.Num, image.Status));
        var totals = api.Ledger.Totals;
        Assert.Equal((2, 1, 3), (totals.ImagesAsked, totals.Resends, totals.ImagesPaid));
    }

    [Fact]
    public async Task An_unknown_status_counts_as_running_until_a_known_one_comes()
    {
        await using var api = await ClientAndSimulator.StartAsync();
        var accepted = await api.AcceptedAsync("a lighthouse [seconds 0] [unknown-status check x3]");
        var told = new List<ZpkImage>();

        var outcome = await api.Zpk.WaitForCompletionAsync(ClientAndSimulator.Id, new Told(told), Ct);

        Assert.True(accepted.IsSettled);
        Assert.True(Assert.IsType<CheckOutcome.Found>(outcome).Answer.IsSettled);
        Assert.Equal([false, false, false, true], told.Select(image => image.IsSettled));
        Assert.Equal((GenerationStatus.Unknown, "waiting_for_moderation"), (told[0].Status, told[0].RawStatus));
    }

    [Theory]
    [InlineData(WaitTimeForm.Text)]
    [InlineData(WaitTimeForm.Number)]
    public async Task The_wait_for_completion_checks_when_the_waits_end_and_never_early(WaitTimeForm form)
    {
        await using var api = await ClientAndSimulator.StartAsync(simulator => simulator.WaitTimeForm = form);
        var accepted = await api.AcceptedAsync("a lighthouse [seconds 3,10,40]", num: 3);

        var settled = await api.CompletedAsync(accepted);

        Assert.Equal([0, 1, 2], settled.Images.Select(image => image.Num));
        Assert.True(settled.IsSettled);
        Assert.Equal([3, 7, 30], api.Clock.Pauses.Select(pause => pause.TotalSeconds));
        var entry = api.Entry();
        Assert.Equal((3, 0, 0), (entry.Checks, entry.ChecksEarly, entry.ChecksLate));
        Assert.All(entry.Images, image => Assert.Equal(0, image.Lateness));
    }

    [Theory]
    [InlineData("reset check x2")]
    [InlineData("http-503 20 check x2")]
    [InlineData("truncated check x2")]
    public async Task The_wait_for_completion_outlasts_an_outage(string fault)
    {
        await using var api = await ClientAndSimulator.StartAsync();
        var accepted = await api.AcceptedAsync("a lighthouse");
        api.Server.SetFaults(fault);

        var settled = await api.CompletedAsync(accepted);

        Assert.Equal(GenerationStatus.Generated, settled.Images[0].Status);
        Assert.Equal(1, api.GenerateCalls);
    }

    [Theory]
    [InlineData("1024x1024", 1024, 1024)]
    [InlineData("1024x1792", 1024, 1792)]
    [InlineData("1792x1024", 1792, 1024)]
    public async Task The_address_of_a_generated_image_is_downloaded_as_a_PNG_of_its_resolution(
        string resolution,
        int width,
        int height
    )
    {
        await using var api = await ClientAndSimulator.StartAsync();
        var outcome = await api.Zpk.GenerateAsync(
            new() { Prompt = "a lighthouse [seconds 0]", Resolution = resolution },
            Ct
        );
        var address = Assert.IsType<GenerateOutcome.Accepted>(outcome).Answer.Images[0].ImageUrl;
        using var picture = new MemoryStream();

        var saved = await api.Zpk.DownloadAsync(new Uri(address!), picture, Ct);

        var png = picture.ToArray();
        Assert.Equal(new DownloadOutcome.Saved("image/png", png.Length), saved);
        Assert.Equal([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], png[..8]);
        Assert.Equal(width, BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(16)));
        Assert.Equal(height, BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(20)));
        Assert.Equal("IEND"u8, png.AsSpan(png.Length - 8, 4));
    }

    [Fact]
    public async Task There_is_nothing_to_download_before_an_image_is_generated()
    {
        await using var api = await ClientAndSimulator.StartAsync();
        await api.AcceptedAsync("a lighthouse");
        using var picture = new MemoryStream();

        var outcome = await api.Zpk.DownloadAsync(
            new Uri(api.Server.BaseAddress, $"images/{ClientAndSimulator.Id}/0.png"),
            picture,
            Ct
        );

        Assert.IsType<DownloadOutcome.Refused>(outcome);
        Assert.Equal(0, picture.Length);
    }

    private sealed class Told(List<ZpkImage> images) : IProgress<ZpkAnswer>
    {
        public void Report(ZpkAnswer value) => images.AddRange(value.Images);
    }
}
