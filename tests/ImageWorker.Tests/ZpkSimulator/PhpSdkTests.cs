using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace ImageWorker.Tests.ZpkSimulator;

/// <summary>What the vendor's PHP SDK sends, byte for byte in form, and what it needs of the answers.</summary>
public sealed class PhpSdkTests
{
    [Fact]
    public async Task It_can_generate_wait_and_collect()
    {
        await using var simulator = await Simulator.StartAsync();

        var generated = await CallAsync(
            simulator,
            "/api/images/generate",
            ("prompt", "ninja turtles eating pizza"),
            ("num", "3"),
            ("model", "dall-e-3"),
            ("connection_type", "fast")
        );
        var wait = generated.GetProperty("images").EnumerateArray().Max(ReadWait);
        simulator.Clock.Advance(TimeSpan.FromSeconds(wait + 1));
        var status = await CallAsync(
            simulator,
            "/api/images/check-status",
            ("unique_request_id", generated.GetProperty("unique_request_id").GetString()!)
        );

        foreach (var answer in new[] { generated, status })
        {
            Assert.Equal([0, 1, 2], answer.GetProperty("images").EnumerateArray().Select(ReadNum));
            Assert.All(
                answer.GetProperty("images").EnumerateArray(),
                image => Assert.Equal(0.039m, image.GetProperty("cost").GetDecimal())
            );
        }

        Assert.All(
            status.GetProperty("images").EnumerateArray(),
            image =>
            {
                Assert.Equal("generated", image.GetProperty("generation_status").GetString());
                Assert.NotEmpty(image.GetProperty("image_url").GetString()!);
            }
        );
    }

    [Fact]
    public async Task It_finds_an_error_id_on_every_failed_image()
    {
        await using var simulator = await Simulator.StartAsync();

        var generated = await CallAsync(
            simulator,
            "/api/images/generate",
            ("prompt", "a cat [seconds 0] [policy 0] [general-error 1]"),
            ("num", "2")
        );

        Assert.All(
            generated.GetProperty("images").EnumerateArray(),
            image =>
            {
                Assert.Equal("error", image.GetProperty("generation_status").GetString());
                Assert.NotEmpty(image.GetProperty("error_id").GetString()!);
            }
        );
    }

    [Fact]
    public async Task It_finds_a_message_in_a_refusal()
    {
        await using var simulator = await Simulator.StartAsync();

        var refused = await CallAsync(simulator, "/api/images/generate", ("num", "1"));

        Assert.Equal("prompt has not been set", refused.GetProperty("errors")[0].GetProperty("message").GetString());
    }

    /// <summary>
    /// The SDK writes its own multipart body: no content type a part, dashes before the boundary. It takes any answer
    /// but status 200 with exactly this content type and a JSON object for a network error.
    /// </summary>
    private static async Task<JsonElement> CallAsync(
        Simulator simulator,
        string path,
        params (string Name, string Value)[] parameters
    )
    {
        const string boundary = "-------------6745231201efa";
        var body = new StringBuilder();
        foreach (var (name, value) in parameters.Append(("application_id", "app")).Append(("api_key", "key")))
            body.Append($"--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.Append($"--{boundary}--\r\n");
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body.ToString()));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=" + boundary);

        var reply = await simulator.PostAsync(path, content);

        Assert.Equal(200, reply.Status);
        Assert.Equal("application/json", reply.ContentType);
        Assert.Equal(JsonValueKind.Object, reply.Body.ValueKind);
        return reply.Body;
    }

    /// <summary>PHP turns a string of digits into the integer that the SDK's setter asks for.</summary>
    private static int ReadWait(JsonElement image) => int.Parse(image.GetProperty("wait_time").ToString());

    private static int ReadNum(JsonElement image) => image.GetProperty("num").GetInt32();
}
