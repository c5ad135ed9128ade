using ImageWorker.Requests;
using ImageWorker.Tests.Callbacks;
using ImageWorker.Tests.ZpkSimulator;
using ImageWorker.ZpkSimulator.Callbacks;

namespace ImageWorker.Tests.Contract;

/// <summary>The simulator calls back the worker's own address, which the client handed to it.</summary>
public sealed class CallbackTests
{
    private static readonly Guid Request = Guid.Parse("0f8fad5b-d9cb-469f-a165-70867728950e");

    [Theory]
    [InlineData(CallbackShape.Image)]
    [InlineData(CallbackShape.Images)]
    [InlineData(CallbackShape.Empty)]
    public async Task A_callback_of_any_shape_becomes_a_hint_about_its_submission(CallbackShape shape)
    {
        await using var app = await CallbackApp.StartAsync();
        await using var api = await ClientAndSimulator.StartAsync(simulator => simulator.CallbackShape = shape);

        await GenerateAsync(app, api, num: 1);

        await Eventually.TrueAsync(() => !app.Hints.IsEmpty);
        Assert.Equal([new CallbackReceived(Request, ClientAndSimulator.Id)], app.Hints);
        await Eventually.TrueAsync(() => api.Ledger.Server.Callbacks.Sent == 1);
    }

    [Fact]
    public async Task Twenty_callbacks_in_duplicate_at_one_moment_are_all_accepted_and_one_hint()
    {
        await using var app = await CallbackApp.StartAsync();
        await using var api = await ClientAndSimulator.StartAsync(simulator => simulator.CallbackDuplicationRate = 1);

        await GenerateAsync(app, api, num: 20);

        await Eventually.TrueAsync(() => api.Ledger.Server.Callbacks.Sent == 40 && !app.Hints.IsEmpty);
        Assert.Equal(0, api.Ledger.Server.Callbacks.Failed);
        Assert.Single(app.Hints);
    }

    private static async Task GenerateAsync(CallbackApp app, ClientAndSimulator api, int num) =>
        Assert.IsType<ImageWorker.Zpk.GenerateOutcome.Accepted>(
            await api.Zpk.GenerateAsync(
                new()
                {
                    Prompt = "a lighthouse [seconds 0]",
                    Num = num,
                    UniqueRequestId = ClientAndSimulator.Id,
                    CallbackUrl = await app.AddressAsync(Request, ClientAndSimulator.Id),
                },
                TestContext.Current.CancellationToken
            )
        );
}
