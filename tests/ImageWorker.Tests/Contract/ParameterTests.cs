using ImageWorker.Tests.ZpkSimulator;
using ImageWorker.Zpk;

namespace ImageWorker.Tests.Contract;

public sealed class ParameterTests
{
    private static readonly GenerateParameters Plain = new()
    {
        Prompt = "a lighthouse",
        UniqueRequestId = ClientAndSimulator.Id,
    };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Words =>
        [
            .. ImageModel.All.Select(word => ("model", word)),
            .. ImageQuality.All.Select(word => ("quality", word)),
            .. ImageStyle.All.Select(word => ("style", word)),
            .. ImageResolution.All.Select(word => ("resolution", word)),
            .. ConnectionType.All.Select(word => ("connection_type", word)),
            ("num", "1"),
            ("num", "20"),
            ("unique_guard", "true"),
            ("unique_guard", "false"),
            ("unique_request_id", "a"),
            ("unique_request_id", "abcDEF0123456789"),
            ("callback_url", "http://127.0.0.1:9/zpk/callbacks/token"),
        ];

    [Theory]
    [MemberData(nameof(Words))]
    public async Task Every_word_that_the_client_names_is_taken(string name, string value)
    {
        await using var api = await ClientAndSimulator.StartAsync();
        var parameters = With(name, value);

        var outcome = await api.Zpk.GenerateAsync(parameters, Ct);

        var answer = Assert.IsType<GenerateOutcome.Accepted>(outcome).Answer;
        var entry = Assert.Single(api.Ledger.Submissions);
        Assert.Equal(parameters.UniqueRequestId, answer.UniqueRequestId);
        Assert.Equal(Enumerable.Range(0, parameters.Num), answer.Images.Select(image => image.Num));
        Assert.Equal(
            (parameters.UniqueRequestId, parameters.Model, parameters.Quality, parameters.Resolution),
            (entry.UniqueRequestId, entry.Model, entry.Quality, entry.Resolution)
        );
        Assert.Equal((parameters.Num, parameters.UniqueGuard), (entry.Num, entry.UniqueGuard));
        Assert.Equal(1, api.GenerateCalls);
    }

    // That each is refused under its own name shows that each is sent under it.
    [Theory]
    [InlineData("prompt", "")]
    [InlineData("model", "dall-e-9")]
    [InlineData("model", "DALL-E-3")]
    [InlineData("quality", "best")]
    [InlineData("style", "gloomy")]
    [InlineData("resolution", "512x512")]
    [InlineData("connection_type", "slow")]
    [InlineData("num", "0")]
    [InlineData("num", "21")]
    [InlineData("num", "-1")]
    [InlineData("callback_url", "ftp://worker.example/")]
    public async Task A_value_out_of_bounds_is_refused_by_its_name_and_not_charged(string name, string value)
    {
        await using var api = await ClientAndSimulator.StartAsync();

        var outcome = await api.Zpk.GenerateAsync(With(name, value), Ct);

        var error = Assert.Single(Assert.IsType<GenerateOutcome.Refused>(outcome).Errors);
        Assert.Equal(("INVALID_PARAMETER", name), (error.Id, error.On));
        Assert.False(error.IsAboutCredentials);
        AssertNothingCharged(api);
    }

    [Fact]
    public async Task Every_fault_of_a_call_is_named_at_once()
    {
        await using var api = await ClientAndSimulator.StartAsync();

        var outcome = await api.Zpk.GenerateAsync(Plain with { Prompt = "", Num = 99, Style = "?" }, Ct);

        var errors = Assert.IsType<GenerateOutcome.Refused>(outcome).Errors;
        Assert.Equal(["prompt", "num", "style"], errors.Select(error => error.On), StringComparer.Ordinal);
        AssertNothingCharged(api);
    }

    [Fact]
    public async Task Without_an_id_zpk_makes_one_up_that_may_be_longer_and_can_be_looked_up()
    {
        await using var api = await ClientAndSimulator.StartAsync();

        var answer = await api.AcceptedAsync("a lighthouse", id: null);

        var id = Assert.IsType<string>(answer.UniqueRequestId);
        Assert.Matches("^ZPK[0-9a-z]{16}$", id);
        Assert.Single((await api.FoundAsync(id)).Images);
    }

    [Fact]
    public async Task Hold_without_an_id_is_refused()
    {
        await using var api = await ClientAndSimulator.StartAsync();

        var outcome = await api.Zpk.GenerateAsync(
            Plain with
            {
                UniqueRequestId = null,
                ConnectionType = ConnectionType.Hold,
            },
            Ct
        );

        Assert.Equal("unique_request_id", Assert.Single(Assert.IsType<GenerateOutcome.Refused>(outcome).Errors).On);
        AssertNothingCharged(api);
    }

    [Fact]
    public async Task Fast_answers_at_once_and_hold_once_every_image_is_done()
    {
        await using var api = await ClientAndSimulator.StartAsync();

        var fast = await api.AcceptedAsync("a lighthouse", num: 2);
        var held = await api.Zpk.GenerateAsync(
            Plain with
            {
                Num = 2,
                UniqueRequestId = "hold1",
                ConnectionType = ConnectionType.Hold,
            },
            Ct
        );

        Assert.All(fast.Images, image => Assert.Equal(GenerationStatus.Pending, image.Status));
        var answer = Assert.IsType<GenerateOutcome.Accepted>(held).Answer;
        Assert.All(answer.Images, image => Assert.Equal(GenerationStatus.Generated, image.Status));
        Assert.All(answer.Images, image => Assert.NotNull(image.ImageUrl));
        Assert.Equal(2, api.GenerateCalls);
    }

    [Theory]
    [InlineData("un faro \"al\" atardecer, a lo lejos")]
    [InlineData("日本語 👍 ünïcödé <b>&amp;</b> 'quoted' \\ / \u0001\u007f")]
    [InlineData("two\nlines\tand a tab")]
    [InlineData("a word in [brackets] and {braces}")]
    [InlineData(" ")]
    public async Task A_prompt_arrives_as_it_was_written(string prompt)
    {
        await using var api = await ClientAndSimulator.StartAsync();

        await api.AcceptedAsync(prompt);

        Assert.Equal(prompt, api.Entry().Prompt);
    }

    [Fact]
    public async Task The_callback_address_is_called_for_each_image()
    {
        await using var receiver = await CallbackReceiver.StartAsync();
        await using var api = await ClientAndSimulator.StartAsync();

        await api.Zpk.GenerateAsync(Plain with { Num = 2, CallbackUrl = new Uri(receiver.Address) }, Ct);

        await Eventually.TrueAsync(() => receiver.Received.Count == 2);
    }

    [Theory]
    [InlineData("the-application", "another-key", "api_key")]
    [InlineData("another-application", "the-right-key", "application_id")]
    public async Task Wrong_credentials_are_refused_by_both_calls_and_never_taken_for_not_found(
        string application,
        string key,
        string on
    )
    {
        await using var api = await ClientAndSimulator.StartAsync(
            simulator => simulator.Credentials["the-application"] = "the-right-key",
            client => (client.ApplicationId, client.ApiKey) = (application, key)
        );

        var generate = Assert.IsType<GenerateOutcome.Refused>(await api.GenerateAsync("a lighthouse"));
        var check = Assert.IsType<CheckOutcome.Refused>(await api.CheckAsync());

        Assert.Equal(on, Assert.Single(generate.Errors).On);
        Assert.Equal(on, Assert.Single(check.Errors).On);
        Assert.True(generate.Errors.AreAboutCredentials());
        Assert.True(check.Errors.AreAboutCredentials());
        AssertNothingCharged(api);
    }

    private static GenerateParameters With(string name, string value) =>
        name switch
        {
            "prompt" => Plain with { Prompt = value },
            "model" => Plain with { Model = value },
            "quality" => Plain with { Quality = value },
            "style" => Plain with { Style = value },
            "resolution" => Plain with { Resolution = value },
            "connection_type" => Plain with { ConnectionType = value },
            "num" => Plain with { Num = int.Parse(value) },
            "unique_guard" => Plain with { UniqueGuard = bool.Parse(value) },
            "unique_request_id" => Plain with { UniqueRequestId = value },
            "callback_url" => Plain with { CallbackUrl = new Uri(value) },
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no parameter"),
        };

    private static void AssertNothingCharged(ClientAndSimulator api)
    {
        Assert.Equal((1, 0, 0m), (api.GenerateCalls, api.Ledger.Totals.Submissions, api.Ledger.Totals.Charged));
    }
}
