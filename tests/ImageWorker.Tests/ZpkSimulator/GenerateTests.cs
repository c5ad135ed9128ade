namespace ImageWorker.Tests.ZpkSimulator;

public sealed class GenerateTests
{
    [Fact]
    public async Task A_call_with_the_required_fields_alone_is_accepted_with_the_pages_defaults()
    {
        await using var simulator = await Simulator.StartAsync();

        var reply = await simulator.GenerateAsync("a cat");

        Assert.Equal(200, reply.Status);
        Assert.Equal("application/json", reply.ContentType);
        Assert.Matches("^ZPK[0-9a-z]{16}$", reply.Id);
        Assert.Equal(
            $$"""
            {"success":true,"unique_request_id":"{{reply.Id}}","images":[{"num":0,"generation_status":"pending","wait_time":"30","cost":0.0380}],"cost":0.0380}
            """,
            reply.Text
        );
        var entry = simulator.Entry(reply.Id);
        Assert.Equal(
            ("zpk-ultra", "standard", "1024x1024", false),
            (entry.Model, entry.Quality, entry.Resolution, entry.UniqueGuard)
        );
    }

    [Fact]
    public async Task However_slow_the_machine_a_picture_that_takes_a_moment_is_not_in_the_answer_to_its_call()
    {
        await using var simulator = await Simulator.StartAsync();
        // Each look at the clock takes a second.
        simulator.Clock.AutoAdvanceAmount = TimeSpan.FromSeconds(1);

        var reply = await simulator.GenerateAsync("a cat [seconds 0.3]");

        Assert.Equal("pending", reply.Images.Single().GetProperty("generation_status").GetString());
        var later = await simulator.CheckAsync(reply.Id);
        Assert.Equal("generated", later.Images.Single().GetProperty("generation_status").GetString());
    }

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
    public async Task An_image_costs_what_the_pages_table_says(
        string model,
        string quality,
        string resolution,
        string price
    )
    {
        await using var simulator = await Simulator.StartAsync();

        var reply = await simulator.GenerateAsync(
            "a cat",
            more: $"\"model\":\"{model}\",\"quality\":\"{quality}\",\"resolution\":\"{resolution}\""
        );

        Assert.Equal(price, reply.Images.Single().GetProperty("cost").GetRawText());
        Assert.Equal(price, reply.Body.GetProperty("cost").GetRawText());
    }

    [Fact]
    public async Task Unique_guard_adds_its_price_to_each_image_and_the_request_costs_their_sum()
    {
        await using var simulator = await Simulator.StartAsync();

        var reply = await simulator.GenerateAsync("a cat", num: 20, more: "\"unique_guard\":true");

        Assert.Equal(20, reply.Images.Count());
        Assert.All(reply.Images, image => Assert.Equal("0.0410", image.GetProperty("cost").GetRawText()));
        Assert.Equal("0.8200", reply.Body.GetProperty("cost").GetRawText());
    }

    [Fact]
    public async Task A_refusal_names_every_fault_and_charges_nothing()
    {
        await using var simulator = await Simulator.StartAsync();

        var reply = await simulator.PostAsync(
            "/api/images/generate",
            Simulator.Json(
                """
                {"num":21,"model":"dall-e-2","quality":"best","style":"bold","resolution":"512x512",
                 "connection_type":"slow","callback_url":"ftp://host/","unique_request_id":"12345678901234567",
                 "unique_guard":"maybe","prompt":""}
                """
            )
        );

        Assert.Equal(200, reply.Status);
        Assert.Equal("application/json", reply.ContentType);
        Assert.False(reply.Body.GetProperty("success").GetBoolean());
        string[] expected =
        [
            "api_key",
            "application_id",
            "callback_url",
            "connection_type",
            "model",
            "num",
            "prompt",
            "quality",
            "resolution",
            "style",
            "unique_guard",
            "unique_request_id",
        ];
        Assert.Equal(expected, reply.Faulted.Order(StringComparer.Ordinal), StringComparer.Ordinal);
        Assert.All(
            reply.Body.GetProperty("errors").EnumerateArray(),
            error => Assert.Equal("INVALID_PARAMETER", error.GetProperty("id").GetString())
        );
        Assert.Empty(simulator.Server.ReadLedger().Submissions);
        Assert.Equal(1, simulator.Server.ReadLedger().Server.Refusals);
    }

    [Theory]
    [InlineData("\"num\":0", "num")]
    [InlineData("\"num\":-1", "num")]
    [InlineData("\"num\":1.5", "num")]
    [InlineData("\"num\":[1]", "num")]
    [InlineData("\"num\":\"many\"", "num")]
    [InlineData("\"unique_request_id\":\"with-dash\"", "unique_request_id")]
    [InlineData("\"connection_type\":\"hold\"", "unique_request_id")]
    [InlineData("\"callback_url\":\"/relative\"", "callback_url")]
    [InlineData("\"model\":{}", "model")]
    public async Task A_value_out_of_its_limits_is_refused(string field, string on)
    {
        await using var simulator = await Simulator.StartAsync();

        var reply = await simulator.GenerateAsync("a cat", more: field);

        Assert.Equal([on], reply.Faulted);
    }

    [Theory]
    [InlineData("\"num\":\"20\"")]
    [InlineData("\"num\":null,\"style\":null")]
    [InlineData("\"unique_guard\":\"1\",\"style\":\"natural\"")]
    [InlineData("\"unique_request_id\":\"1234567890abcdef\"")]
    [InlineData("\"callback_url\":\"https://127.0.0.1:9/x\"")]
    [InlineData("\"something_else\":{\"deep\":[1,2]}")]
    public async Task A_value_within_its_limits_is_accepted(string field)
    {
        await using var simulator = await Simulator.StartAsync();

        var reply = await simulator.GenerateAsync("a cat", more: field);

        Assert.True(reply.Body.GetProperty("success").GetBoolean());
    }

    [Theory]
    [InlineData("app", "key", null)]
    [InlineData("app", "KEY", "INVALID_API_KEY")]
    [InlineData("other", "key", "INVALID_APPLICATION_ID")]
    public async Task Configured_credentials_are_checked_on_both_endpoints(
        string application,
        string key,
        string? error
    )
    {
        await using var simulator = await Simulator.StartAsync(options => options.Credentials["app"] = "key");
        await simulator.GenerateAsync("a cat", id: "one");
        var fields =
            $$"""{"application_id":"{{application}}","api_key":"{{key}}","prompt":"x","unique_request_id":"one"}""";

        var generated = await simulator.PostAsync("/api/images/generate", Simulator.Json(fields));
        var checkedStatus = await simulator.PostAsync("/api/images/check-status", Simulator.Json(fields));

        foreach (var reply in new[] { generated, checkedStatus })
        {
            Assert.Equal(error is null, reply.Body.GetProperty("success").GetBoolean());
            if (error is not null)
                Assert.Equal(error, reply.Body.GetProperty("errors")[0].GetProperty("id").GetString());
        }
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[1]")]
    [InlineData("")]
    [InlineData("{\"prompt\":\"cut off")]
    public async Task A_body_that_is_no_JSON_object_is_refused(string body)
    {
        await using var simulator = await Simulator.StartAsync();

        var reply = await simulator.PostAsync("/api/images/generate", Simulator.Json(body));

        Assert.Equal(200, reply.Status);
        Assert.Equal(["body"], reply.Faulted);
    }

    [Fact]
    public async Task Other_methods_and_addresses_are_not_served()
    {
        await using var simulator = await Simulator.StartAsync();

        Assert.Equal(405, (await simulator.GetAsync("/api/images/generate")).Status);
        Assert.Equal(405, (await simulator.GetAsync("/api/images/check-status")).Status);
        Assert.Equal(404, (await simulator.GetAsync("/api/images")).Status);
    }
}
