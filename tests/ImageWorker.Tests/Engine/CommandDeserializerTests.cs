using System.Text.Json;
using ImageWorker.Contracts;
using ImageWorker.Engine;
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

        var command = started.Request!.Command!;
        Assert.Equal(("a lighthouse", 2, 0.0760m), (command.Prompt, command.Count, command.MaxCost));
        Assert.Equal(("zpk-ultra", "standard", 1800), (command.Model, command.Quality, command.TimeoutSeconds));
        Assert.Equal("17", command.Metadata?["Order"]);
    }

    [Theory]
    [InlineData("n", "4", "count")]
    [InlineData("num", "4", "count")]
    [InlineData("num_images", "4", "count")]
    [InlineData("max-cost", "1", "maxCost")]
    [InlineData("size", "\"1024x1792\"", "resolution")]
    [InlineData("timeout", "60", "timeoutSeconds")]
    [InlineData("prio", "\"high\"", "priority")]
    [InlineData("tenantId", "\"acme\"", "tenant")]
    [InlineData("start_within_seconds", "60", "startWithinSeconds")]
    [InlineData("startWithin", "60", "startWithinSeconds")]
    public async Task A_likely_name_is_refused_where_the_real_field_is_absent(string name, string value, string meant)
    {
        var id = Guid.NewGuid();

        var refused = await worker.HandleBareAsync(GenerateImages, With(id, $"\"{name}\":{value}"), id);

        Assert.Equal(
            [new RequestError("INVALID_PARAMETER", $"{name} is no field of GenerateImages, use {meant}", name)],
            refused.Only<ImagesFailed>().Errors
        );
    }

    [Fact]
    public async Task A_request_id_by_another_spelling_is_refused_under_that_id()
    {
        var id = Guid.NewGuid();

        var refused = await worker.HandleBareAsync(
            GenerateImages,
            $$"""{"request_id":"{{id}}","prompt":"a lighthouse"}""",
            id
        );

        var failed = refused.Only<ImagesFailed>();
        Assert.Equal((id, "request_id"), (failed.RequestId, Assert.Single(failed.Errors).On));
    }

    [Fact]
    public async Task A_likely_name_beside_the_real_field_is_ignored()
    {
        var id = Guid.NewGuid();

        var started = await worker.HandleBareAsync(GenerateImages, With(id, "\"n\":4,\"count\":2"), id);

        Assert.Equal(2, started.Request!.Command!.Count);
    }

    [Fact]
    public async Task What_was_ignored_is_listed_in_the_closing_event_and_in_its_repeat()
    {
        var id = Guid.NewGuid();
        var body = With(id, "\"maxCost\":0,\"seed\":7,\"sampler\\u001b[2J\":{\"a\":[1]}");

        var closed = await worker.HandleBareAsync(GenerateImages, body, id);
        var repeated = await worker.HandleBareAsync(GenerateImages, body, id);

        RequestWarning[] expected =
        [
            new("UNKNOWN_FIELD", "seed is no field of GenerateImages and is ignored", "seed"),
            new("UNKNOWN_FIELD", "sampler\\u001b[2J is no field of GenerateImages and is ignored", "sampler\\u001b[2J"),
        ];
        Assert.Equal(expected, closed.Only<ImagesFailed>().Warnings);
        Assert.Equal(expected, repeated.Only<ImagesFailed>().Warnings);
    }

    [Fact]
    public async Task A_refusal_repeats_no_metadata_that_is_over_its_limit()
    {
        var id = Guid.NewGuid();

        var refused = await worker.HandleBareAsync(
            GenerateImages,
            With(id, $"\"metadata\":{{\"a\":\"{new string('x', 50_000)}\"}}"),
            id
        );

        Assert.Null(refused.Only<ImagesFailed>().Metadata);
        Assert.InRange(Assert.Single(refused.Events).Body.Length, 0, 2000);
    }

    [Theory]
    [InlineData("application/json", "BODY")]
    [InlineData(
        "application/vnd.masstransit+json",
        """{"messageType":["urn:message:ImageWorker.Contracts:GenerateImages"],"message":BODY}"""
    )]
    public async Task A_body_over_the_limit_is_refused_from_its_beginning(string contentType, string form)
    {
        var id = Guid.NewGuid();
        var body = form.Replace("BODY", With(id, $"\"note\":\"{new string('é', 40_000)}\""), StringComparison.Ordinal);

        var refused = await worker.HandleBodyAsync(GenerateImages, contentType, body, id);

        var fault = Assert.Single(refused.Only<ImagesFailed>().Errors);
        Assert.Equal("INVALID_BODY", fault.Id);
        Assert.Contains("at most 65536 are allowed (Queues:MaxBody)", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_over_the_limit_that_names_its_request_too_late_is_put_aside()
    {
        var body = $$"""{"note":"{{new string('x', 70_000)}}","requestId":"{{Guid.NewGuid()}}"}""";

        var exception = await Assert.ThrowsAsync<UnreadableException>(() =>
            worker.HandleBareAsync(GenerateImages, body, Guid.Empty)
        );

        Assert.Contains("Queues:MaxBody", exception.Message, StringComparison.Ordinal);
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
    [InlineData("\"count\":null", 1)]
    [InlineData("\"count\":\"2\"", 2)]
    [InlineData("\"count\":3.0", 3)]
    [InlineData("\"count\":\"3.00\"", 3)]
    [InlineData("\"count\":2e1", 20)]
    [InlineData("\"COUNT\":4", 4)]
    public async Task A_number_is_read_by_its_plain_meaning(string field, int count)
    {
        var id = Guid.NewGuid();

        var started = await worker.HandleBareAsync(GenerateImages, With(id, field), id);

        Assert.Equal(count, started.Request!.Command!.Count);
    }

    [Theory]
    [InlineData("null", null)]
    [InlineData("\"30\"", 30)]
    [InlineData("30.0", 30)]
    public async Task A_number_that_may_be_absent_is_read_in_the_same_way(string value, int? seconds)
    {
        var id = Guid.NewGuid();

        var started = await worker.HandleBareAsync(GenerateImages, With(id, $"\"startWithinSeconds\":{value}"), id);

        Assert.Equal(seconds, started.Request!.Command!.StartWithinSeconds);
    }

    [Fact]
    public async Task Every_field_may_be_null_and_is_absent_then()
    {
        var id = Guid.NewGuid();
        var nulls = typeof(GenerateImages)
            .GetProperties()
            .Where(field => field.Name is not ("RequestId" or "Prompt"))
            .Select(field => $"\"{field.Name}\":null");

        var started = await worker.HandleBareAsync(GenerateImages, With(id, string.Join(',', nulls)), id);

        Assert.Equal(new GenerateImages { RequestId = id, Prompt = "a lighthouse" }, started.Request!.Command!);
    }

    [Fact]
    public async Task Every_field_is_read_in_either_form()
    {
        var command = new GenerateImages
        {
            RequestId = Guid.NewGuid(),
            Prompt = "a lighthouse",
            Count = 2,
            Model = "dall-e-3",
            Quality = "hq",
            Style = "natural",
            Resolution = "1024x1792",
            UniqueGuard = true,
            TimeoutSeconds = 60,
            Priority = "high",
            Tenant = "acme",
            StartWithinSeconds = 30,
            MaxCost = 1.5m,
            Progress = true,
            Metadata = new Dictionary<string, string>(StringComparer.Ordinal) { ["order"] = "17" },
        };
        Assert.All(
            typeof(GenerateImages).GetProperties(),
            field => Assert.NotEqual(field.GetValue(new GenerateImages()), field.GetValue(command))
        );

        var bare = await worker.HandleBareAsync(
            GenerateImages,
            JsonSerializer.Serialize(command, JsonSerializerOptions.Web),
            command.RequestId
        );
        var repeat = await worker.HandleAsync(command);

        Assert.True(command.AsksTheSameAs(bare.Request!.Command!));
        Assert.Equal("", repeat.Says);
    }

    [Theory]
    [InlineData("{\"order\":42}", "42")]
    [InlineData("{\"order\":1.50}", "1.50")]
    [InlineData("{\"order\":true}", "true")]
    [InlineData("{\"order\":null}", null)]
    [InlineData("[]", null)]
    public async Task What_is_plain_in_metadata_is_its_text(string metadata, string? order)
    {
        var id = Guid.NewGuid();

        var started = await worker.HandleBareAsync(GenerateImages, With(id, $"\"metadata\":{metadata}"), id);

        Assert.Equal(order, started.Request!.Command!.Metadata?.GetValueOrDefault("order"));
    }

    [Theory]
    [InlineData("n")]
    [InlineData("b")]
    public async Task A_request_id_may_be_written_in_other_ways(string format)
    {
        var id = Guid.NewGuid();

        var started = await worker.HandleBareAsync(
            GenerateImages,
            $$"""{"requestId":"{{id.ToString(format)}}","prompt":"a lighthouse"}""",
            id
        );

        Assert.Equal("Submitting", started.State);
    }

    [Theory]
    [InlineData("application/json", "BODY")]
    [InlineData(
        "application/vnd.masstransit+json",
        """{"messageType":["urn:message:ImageWorker.Contracts:GenerateImages"],"message":BODY}"""
    )]
    public async Task A_byte_order_mark_is_skipped(string contentType, string form)
    {
        var id = Guid.NewGuid();

        var started = await worker.HandleBodyAsync(
            GenerateImages,
            contentType,
            "\ufeff" + form.Replace("BODY", With(id, "\"count\":2"), StringComparison.Ordinal),
            id
        );

        Assert.Equal(2, started.Request!.Command!.Count);
    }

    [Theory]
    [InlineData("\"count\":\"two\"", "count", "count is 'two', a whole number up to 2147483647 is expected")]
    [InlineData("\"count\":1.5", "count", "count is 1.5, a whole number up to 2147483647 is expected")]
    [InlineData("\"count\":99999999999", "count", "count is 99999999999, a whole number up to 2147483647 is expected")]
    [InlineData("\"count\":[2]", "count", "count is a list, a whole number up to 2147483647 is expected")]
    [InlineData("\"maxCost\":1,\"count\":-1", "count", "count is -1, from 1 to 20 are allowed")]
    [InlineData("\"maxCost\":\"cheap\"", "maxCost", "maxCost is 'cheap', a number is expected")]
    [InlineData(
        "\"startWithinSeconds\":\"soon\"",
        "startWithinSeconds",
        "startWithinSeconds is 'soon', a whole number up to 2147483647 is expected"
    )]
    [InlineData("\"priority\":5", "priority", "priority is 5, a text is expected")]
    [InlineData("\"priority\":\"urgent\"", "priority", "priority is 'urgent', allowed are high, normal, low")]
    [InlineData(
        "\"tenant\":\"ACME\"",
        "tenant",
        "tenant is 'ACME', 1 to 64 lower-case letters, digits, '.', '_' and '-' are allowed"
    )]
    [InlineData(
        "\"tenant\":\"default\"",
        "tenant",
        "tenant is 'default', which is reserved for commands that name none"
    )]
    [InlineData("\"progress\":\"often\"", "progress", "progress is 'often', true or false is expected")]
    [InlineData("\"model\":{}", "model", "model is an object, a text is expected")]
    [InlineData("\"model\":\"\\ud83d\"", "model", "model is no Unicode text")]
    [InlineData("\"metadata\":[1]", "metadata", "metadata is a list, an object of texts is expected")]
    [InlineData("\"metadata\":{\"a\":\"\\udd8a\"}", "metadata.a", "metadata.a is no Unicode text")]
    [InlineData("\"metadata\":{\"a\":{}}", "metadata.a", "metadata.a is an object, a text is expected")]
    [InlineData("\"metadata\":{\"\\ud83d\":\"x\"}", "metadata", "metadata is no Unicode text")]
    [InlineData("\"metadata\":{\"a\":\"x\",\"a\":\"y\"}", "metadata.a", "metadata.a is there twice")]
    [InlineData("\"count\":2,\"count\":2", "count", "count is there twice")]
    [InlineData("\"PROMPT\":\"a dog\"", "prompt", "prompt is there twice")]
    public async Task What_has_no_plain_meaning_is_refused_with_its_path(string field, string on, string message)
    {
        var id = Guid.NewGuid();

        var refused = await worker.HandleBareAsync(GenerateImages, With(id, field), id);

        var failed = refused.Only<ImagesFailed>();
        Assert.Equal((id, FailureReason.InvalidRequest), (failed.RequestId, failed.Reason));
        Assert.Equal([new RequestError("INVALID_PARAMETER", message, on)], failed.Errors);
    }

    [Fact]
    public async Task Other_faults_are_named_with_it()
    {
        var id = Guid.NewGuid();

        var refused = await worker.HandleBareAsync(
            GenerateImages,
            $$"""{"requestId":"{{id}}","prompt":["a"],"count":21,"model":17}""",
            id
        );

        Assert.Equal(
            ["prompt", "model", "count"],
            refused.Only<ImagesFailed>().Errors.Select(fault => fault.On),
            StringComparer.Ordinal
        );
    }

    [Fact]
    public async Task What_cannot_be_read_of_a_request_under_way_leaves_it_untouched()
    {
        var id = Guid.NewGuid();
        await worker.HandleBareAsync(GenerateImages, With(id, "\"count\":1"), id);

        var refused = await worker.HandleBareAsync(GenerateImages, With(id, "\"count\":\"one\""), id);

        Assert.Equal("count", Assert.Single(refused.Only<ImagesFailed>().Errors).On);
        Assert.Equal(("Submitting", 1), (refused.State, refused.Request!.Command!.Count));
    }

    [Theory]
    [InlineData("application/json", """{"requestId":"ID","prompt": secret}""")]
    [InlineData("application/json", """{"requestId":"ID","prompt":"secret""")]
    [InlineData("application/json", """{"requestId":"ID","prompt":"secret"} and more""")]
    [InlineData(
        "application/vnd.masstransit+json",
        """{"messageType":["urn:message:ImageWorker.Contracts:GenerateImages"],"message":{"requestId":"ID","prompt":"secret}"""
    )]
    [InlineData(
        "application/vnd.masstransit+json",
        """{"messageType":["urn:message:ImageWorker.Contracts:GenerateImages"],"message":{"requestId":"ID"},"message":{"prompt":"secret"}}"""
    )]
    public async Task A_broken_body_is_refused_under_the_id_that_comes_before_the_break(string contentType, string form)
    {
        var id = Guid.NewGuid();

        var refused = await worker.HandleBodyAsync(
            GenerateImages,
            contentType,
            form.Replace("ID", $"{id}", StringComparison.Ordinal),
            id
        );

        var fault = Assert.Single(refused.Only<ImagesFailed>().Errors);
        Assert.Equal(("INVALID_BODY", null), (fault.Id, fault.On));
        Assert.DoesNotContain("secret", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"requestId":17}""", "requestId")]
    [InlineData("""{"requestId":"17"}""", "requestId")]
    [InlineData("""{"prompt": secret, "requestId":"00000000-0000-0000-0000-000000000001"}""", "GenerateImages")]
    [InlineData("[]", "GenerateImages")]
    [InlineData("17", "GenerateImages")]
    [InlineData("null", "GenerateImages")]
    [InlineData("", "GenerateImages")]
    [InlineData("<xml/>", "GenerateImages")]
    public async Task Without_an_id_that_can_be_read_it_is_an_error_that_names_what_is_wrong(string body, string names)
    {
        var exception = await Assert.ThrowsAnyAsync<Exception>(() =>
            worker.HandleBareAsync(GenerateImages, body, Guid.Empty)
        );

        Assert.IsType<UnreadableException>(exception);
        Assert.Contains("GenerateImages", exception.Message, StringComparison.Ordinal);
        Assert.Contains(names, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancellation_with_a_fault_is_put_aside_and_cancels_nothing()
    {
        var id = Guid.NewGuid();

        var exception = await Assert.ThrowsAnyAsync<Exception>(() =>
            worker.HandleBareAsync("cancel-images", $$"""{"requestId":"{{id}}","RequestId":"{{Guid.NewGuid()}}"}""", id)
        );

        Assert.Contains("requestId is there twice", exception.Message, StringComparison.Ordinal);
        Assert.Null(await worker.FindAsync(id));
    }

    [Theory]
    [InlineData("nightly secret", "at line 1, byte 2")]
    [InlineData("nobody's secret, isn't it", "at line 1, byte 2")]
    [InlineData("""{"prompt": secret}""", "at line 1, byte 12")]
    public async Task What_is_no_json_is_told_by_its_place_and_not_repeated(string body, string place)
    {
        var exception = await Assert.ThrowsAnyAsync<Exception>(() =>
            worker.HandleBareAsync(GenerateImages, body, Guid.Empty)
        );

        Assert.EndsWith(place, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", exception.Message, StringComparison.Ordinal);
    }

    private static string With(Guid id, string field) =>
        $$"""{"requestId":"{{id}}","prompt":"a lighthouse",{{field}}}""";
}
