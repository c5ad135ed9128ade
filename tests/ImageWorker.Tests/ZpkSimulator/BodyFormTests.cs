namespace ImageWorker.Tests.ZpkSimulator;

public sealed class BodyFormTests
{
    private static readonly Dictionary<string, string> Fields = new(StringComparer.Ordinal)
    {
        ["application_id"] = "app",
        ["api_key"] = "key",
        ["prompt"] = "a café",
        ["num"] = "3",
        ["unique_guard"] = "",
        ["callback_url"] = "",
    };

    [Fact]
    public async Task Fields_may_come_as_multipart_form_data()
    {
        await using var simulator = await Simulator.StartAsync();
        using var form = new MultipartFormDataContent();
        foreach (var (name, value) in Fields)
            form.Add(new StringContent(value), name);

        var reply = await simulator.PostAsync("/api/images/generate", form);

        Assert.Equal(3, reply.Images.Count());
        Assert.Equal("a café", simulator.Entry(reply.Id).Prompt);
    }

    [Fact]
    public async Task Fields_may_come_urlencoded()
    {
        await using var simulator = await Simulator.StartAsync();
        using var form = new FormUrlEncodedContent(Fields);

        var reply = await simulator.PostAsync("/api/images/generate", form);

        Assert.Equal(3, reply.Images.Count());
        Assert.Equal("a café", simulator.Entry(reply.Id).Prompt);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_field_may_hold_the_JSON_document(bool multipart)
    {
        await using var simulator = await Simulator.StartAsync();
        const string document = """{"application_id":"app","api_key":"key","prompt":"a \u0063at","num":2}""";
        using var text = new StringContent(document);
        using HttpContent form = multipart
            ? new MultipartFormDataContent { { text, "_json" } }
            : new FormUrlEncodedContent([new("_json", document)]);

        var reply = await simulator.PostAsync("/api/images/generate", form);

        Assert.Equal(2, reply.Images.Count());
        Assert.Equal("a cat", simulator.Entry(reply.Id).Prompt);
    }

    [Fact]
    public async Task Any_other_content_type_is_refused()
    {
        await using var simulator = await Simulator.StartAsync();
        using var text = new StringContent("""{"prompt":"a cat"}""");

        var reply = await simulator.PostAsync("/api/images/generate", text);

        Assert.Equal(["body"], reply.Faulted);
    }

    [Fact]
    public async Task A_body_of_several_network_packets_is_read_whole()
    {
        await using var simulator = await Simulator.StartAsync();
        var prompt = new string('x', 300_000);

        var reply = await simulator.GenerateAsync(prompt);

        Assert.True(reply.Body.GetProperty("success").GetBoolean());
    }
}
