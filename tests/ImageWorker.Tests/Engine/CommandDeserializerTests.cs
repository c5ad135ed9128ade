using System.Runtime.Serialization;
using ImageWorker.Contracts;
using ImageWorker.Requests;

namespace ImageWorker.Tests.Engine;

public sealed class CommandDeserializerTests(WorkerUnderTest worker) : IClassFixture<WorkerUnderTest>
{
    private const string GenerateImages = "generate-images";

    [Fact]
    public async Task A_bare_body_is_a_command_with_the_defaults_for_what_it_leaves_out()
    {
        var id = Guid.NewGuid();

        var started = await worker.HandleBareAsync(
            GenerateImages,
            $$"""{"requestId":"{{id}}","prompt":"a lighthouse","maxCost":0.0760,"count":2,"metadata":{"Order":"17"} }""",
            id
        );

        var command = started.Only<SubmitImages>().Command;
        Assert.Equal(("a lighthouse", 2, 0.0760m), (command.Prompt, command.Count, command.MaxCost));
        Assert.Equal(("zpk-ultra", "standard", 1800), (command.Model, command.Quality, command.TimeoutSeconds));
        Assert.Equal("17", command.Metadata?["Order"]);
    }

    [Fact]
    public async Task Unknown_fields_are_ignored()
    {
        var id = Guid.NewGuid();

        var started = await worker.HandleBareAsync(
            GenerateImages,
            $$"""{"requestId":"{{id}}","prompt":"a lighthouse","seed":7,"nested":{"a":[1]} }""",
            id
        );

        Assert.Equal("Submitting", started.State);
    }

    [Fact]
    public async Task The_same_bare_command_twice_is_one_request()
    {
        var id = Guid.NewGuid();
        var body = $$"""{"requestId":"{{id}}","prompt":"a lighthouse"}""";
        await worker.HandleBareAsync(GenerateImages, body, id);

        var again = await worker.HandleBareAsync(GenerateImages, body, id);

        Assert.Equal(("Submitting", ""), (again.State, again.Says));
    }

    [Fact]
    public async Task Another_object_is_a_command_without_anything_and_refused()
    {
        var refused = await worker.HandleBareAsync(GenerateImages, """{"somethingElse":1}""", Guid.Empty);

        var failed = refused.Only<ImagesFailed>();
        Assert.Equal((Guid.Empty, FailureReason.InvalidRequest), (failed.RequestId, failed.Reason));
        Assert.Equal(["requestId", "prompt"], failed.Errors.Select(error => error.On), StringComparer.Ordinal);
    }

    [Fact]
    public async Task A_bare_cancellation_is_taken()
    {
        var id = Guid.NewGuid();

        var cancelled = await worker.HandleBareAsync("cancel-images", $$"""{"requestId":"{{id}}"}""", id);

        Assert.Equal("Withdrawn", cancelled.State);
    }

    [Theory]
    [InlineData("""{"count":"two"}""", "$.count")]
    [InlineData("""{"requestId":17}""", "$.requestId")]
    [InlineData("""{"metadata":{"a":1}}""", "System.String")]
    [InlineData("""{"maxCost":"cheap"}""", "$.maxCost")]
    [InlineData("[]", "GenerateImages")]
    [InlineData("17", "GenerateImages")]
    [InlineData("null", "GenerateImages")]
    [InlineData("", "GenerateImages")]
    [InlineData("<xml/>", "GenerateImages")]
    public async Task What_is_no_command_is_an_error_that_names_what_is_wrong(string body, string names)
    {
        var exception = await Assert.ThrowsAnyAsync<Exception>(() =>
            worker.HandleBareAsync(GenerateImages, body, Guid.Empty)
        );

        Assert.IsType<SerializationException>(exception);
        Assert.Contains("GenerateImages", exception.Message, StringComparison.Ordinal);
        Assert.Contains(names, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nightly secret", "LineNumber: 0 | BytePositionInLine: 1.")]
    [InlineData("nobody's secret, isn't it", "LineNumber: 0 | BytePositionInLine: 1.")]
    [InlineData("""{"prompt": secret}""", "LineNumber: 0 | BytePositionInLine: 11.")]
    public async Task What_is_no_json_is_told_by_its_place_and_not_repeated(string body, string place)
    {
        var exception = await Assert.ThrowsAnyAsync<Exception>(() =>
            worker.HandleBareAsync(GenerateImages, body, Guid.Empty)
        );

        Assert.EndsWith(place, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", exception.Message, StringComparison.Ordinal);
    }
}
