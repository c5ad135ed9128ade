using System.Text.Json;
using ImageWorker.ZpkSimulator.Api;

namespace ImageWorker.Tests.ZpkSimulator;

public sealed class FaultTests
{
    [Theory]
    [InlineData("reset before", 0)]
    [InlineData("reset after", 1)]
    public async Task A_reset_breaks_the_connection_and_charges_if_it_comes_after(string fault, int charged)
    {
        await using var simulator = await Simulator.StartAsync();

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() =>
            simulator.GenerateAsync($"a cat [{fault} generate]", id: "one")
        );
        var found = await simulator.CheckAsync("one");

        var socket = Assert.IsType<System.Net.Sockets.SocketException>(failure.GetBaseException());
        Assert.Equal(System.Net.Sockets.SocketError.ConnectionReset, socket.SocketErrorCode);
        Assert.Equal(charged == 1, found.Body.GetProperty("success").GetBoolean());
        Assert.Equal(charged, simulator.Server.ReadLedger().Totals.Submissions);
    }

    [Theory]
    [InlineData("http-500", 500, 0, null)]
    [InlineData("http-502 before", 502, 0, null)]
    [InlineData("http-502 after", 502, 1, null)]
    [InlineData("http-429", 429, 0, null)]
    [InlineData("http-429 7", 429, 0, 7)]
    [InlineData("http-503", 503, 0, null)]
    [InlineData("http-503 12 after", 503, 1, 12)]
    [InlineData("http-402", 402, 0, null)]
    [InlineData("http-429 retry-after=3", 429, 0, 3)]
    public async Task A_gateway_answers_with_a_page_of_its_own(string fault, int status, int charged, int? retryAfter)
    {
        await using var simulator = await Simulator.StartAsync();

        var reply = await simulator.GenerateAsync($"a cat [{fault}]", id: "one");
        var again = await simulator.CheckAsync("one");

        Assert.Equal((status, "text/html"), (reply.Status, reply.ContentType));
        Assert.Equal(retryAfter, (int?)reply.RetryAfter?.Delta?.TotalSeconds);
        Assert.Equal(200, again.Status);
        Assert.Equal(charged, simulator.Server.ReadLedger().Totals.Submissions);
    }

    [Fact]
    public async Task Truncated_JSON_cannot_be_parsed_but_was_charged()
    {
        await using var simulator = await Simulator.StartAsync();

        var reply = await simulator.GenerateAsync("a cat [truncated]");

        Assert.Equal((200, "application/json"), (reply.Status, reply.ContentType));
        Assert.ThrowsAny<JsonException>(() => reply.Body);
        Assert.Equal(1, simulator.Server.ReadLedger().Totals.Submissions);
    }

    [Fact]
    public async Task A_wrong_content_type_comes_with_a_right_body()
    {
        await using var simulator = await Simulator.StartAsync();

        var reply = await simulator.GenerateAsync("a cat [content-type]");

        Assert.Equal("text/html", reply.ContentType);
        Assert.Single(reply.Images);
    }

    [Theory]
    [InlineData(
        "unknown-status",
        """{"success":true,"images":[{"num":0,"generation_status":"waiting_for_moderation","wait_time":"30","cost":0.0380}]}"""
    )]
    [InlineData("missing-fields", """{"success":true,"images":[{"num":0,"generation_status":"pending"}]}""")]
    [InlineData("empty-images", """{"success":true,"images":[]}""")]
    public async Task An_answer_can_be_spoiled_once_and_then_be_right(string fault, string spoiled)
    {
        await using var simulator = await Simulator.StartAsync();
        await simulator.GenerateAsync($"a cat [{fault} check]", id: "one");

        var first = await simulator.CheckAsync("one");
        var second = await simulator.CheckAsync("one");

        Assert.Equal(spoiled, first.Text);
        Assert.Equal(
            """{"success":true,"images":[{"num":0,"generation_status":"pending","wait_time":"30","cost":0.0380}]}""",
            second.Text
        );
    }

    [Fact]
    public async Task Missing_fields_leave_the_id_and_the_cost_out_of_a_generate_answer()
    {
        await using var simulator = await Simulator.StartAsync();

        var reply = await simulator.GenerateAsync("a cat [missing-fields]");

        Assert.Equal("""{"success":true,"images":[{"num":0,"generation_status":"pending"}]}""", reply.Text);
    }

    [Fact]
    public async Task A_known_request_can_be_denied_for_a_while()
    {
        await using var simulator = await Simulator.StartAsync();
        await simulator.GenerateAsync("a cat [unknown-request x2]", id: "one");

        Assert.Equal(["unique_request_id"], (await simulator.CheckAsync("one")).Faulted);
        Assert.Equal(["unique_request_id"], (await simulator.CheckAsync("one")).Faulted);
        Assert.Equal(["pending"], (await simulator.CheckAsync("one")).Statuses);
    }

    [Fact]
    public async Task A_late_submission_is_unknown_until_its_time_has_come()
    {
        await using var simulator = await Simulator.StartAsync(options =>
            options.VisibilityDelay = TimeSpan.FromSeconds(2)
        );
        await simulator.GenerateAsync("a cat [late 3]", id: "one");

        simulator.Clock.Advance(TimeSpan.FromSeconds(4.9));
        var before = await simulator.CheckAsync("one");
        simulator.Clock.Advance(TimeSpan.FromSeconds(0.1));
        var after = await simulator.CheckAsync("one");

        Assert.Equal(["unique_request_id"], before.Faulted);
        Assert.Equal(["pending"], after.Statuses);
    }

    [Fact]
    public async Task Expired_credentials_are_an_errors_answer_on_the_key()
    {
        await using var simulator = await Simulator.StartAsync();

        var reply = await simulator.GenerateAsync("a cat [expired]");

        Assert.Equal((200, "application/json"), (reply.Status, reply.ContentType));
        Assert.Equal(["api_key"], reply.Faulted);
        Assert.Equal(0, simulator.Server.ReadLedger().Totals.Submissions);
    }

    [Fact]
    public async Task An_empty_account_is_an_errors_answer_on_nothing()
    {
        await using var simulator = await Simulator.StartAsync();

        var reply = await simulator.GenerateAsync("a cat [balance]");

        Assert.Equal(
            """{"success":false,"errors":[{"id":"INSUFFICIENT_BALANCE","message":"the account has no credit left","on":null}]}""",
            reply.Text
        );
        Assert.Equal(0, simulator.Server.ReadLedger().Totals.Submissions);
    }

    [Theory]
    [InlineData(
        "image_url@1=javascript:alert(1)",
        """
            {"num":0,"generation_status":"pending","wait_time":"30","cost":0.0380},
            {"num":1,"generation_status":"pending","wait_time":"30","cost":0.0380,"image_url":"javascript:alert(1)"}
            """
    )]
    [InlineData(
        "cost=1e28 cost@1=%227%22 num@1=0 wait_time=-1",
        """
            {"num":0,"generation_status":"pending","wait_time":-1,"cost":1e28},
            {"num":0,"generation_status":"pending","wait_time":-1,"cost":"7"}
            """
    )]
    [InlineData(
        "generation_status=error error_id=%1B{key}+{application}\"\\",
        """
            {"num":0,"generation_status":"error","wait_time":"30","cost":0.0380,"error_id":"\u001bkey app\u0022\u005c"},
            {"num":1,"generation_status":"error","wait_time":"30","cost":0.0380,"error_id":"\u001bkey app\u0022\u005c"}
            """
    )]
    public async Task An_answer_says_of_its_images_what_it_is_told_to(string words, string images)
    {
        await using var simulator = await Simulator.StartAsync();
        await simulator.GenerateAsync("a cat", num: 2, id: "one");
        simulator.Server.SetFaults($"say {words} check");

        var reply = await simulator.CheckAsync("one");

        Assert.Equal($$"""{"success":true,"images":[{{images.Replace("\n", "")}}]}""", reply.Text);
    }

    [Fact]
    public async Task An_answer_says_of_the_submission_what_it_is_told_to_and_charges_as_ever()
    {
        await using var simulator = await Simulator.StartAsync();

        var reply = await simulator.GenerateAsync(
            "a cat [say unique_request_id=../{a*300} total_cost=7e28]",
            id: "one"
        );

        Assert.Equal($"../{new string('a', 300)}", reply.Id);
        Assert.Equal("7e28", reply.Body.GetProperty("cost").GetRawText());
        Assert.Equal(0.0380m, simulator.Entry("one").Charged);
    }

    [Fact]
    public async Task Bytes_that_are_no_text_are_sent_as_they_are()
    {
        await using var simulator = await Simulator.StartAsync();

        var reply = await simulator.GenerateAsync("a cat [say image_url=https://zpk.systems/%FF.png]");

        Assert.True(reply.Bytes.AsSpan().IndexOf((byte[])[.. "zpk.systems/"u8, 0xFF, .. ".png"u8]) > 0);
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData(" after", 1)]
    public async Task A_refusal_says_what_it_is_told_to(string when, int charged)
    {
        await using var simulator = await Simulator.StartAsync();

        var reply = await simulator.GenerateAsync($"a cat [say id={{key}} message={{m*5}} on=callback_url{when}]");

        Assert.Equal("""{"success":false,"errors":[{"id":"key","message":"mmmmm","on":"callback_url"}]}""", reply.Text);
        Assert.Equal(charged, simulator.Server.ReadLedger().Totals.Submissions);
    }

    [Fact]
    public async Task A_content_type_may_be_any()
    {
        await using var simulator = await Simulator.StartAsync();

        Assert.Equal("text/key", (await simulator.GenerateAsync("a cat [say content-type=text/{key}]")).ContentType);
        Assert.Equal("text/x", (await simulator.GenerateAsync("a dog [say id=X content-type=text/x]")).ContentType);
    }

    [Theory]
    [InlineData("status-line=HTTP/1.1+{key}", "invalid status code: 'key'")]
    [InlineData("header={key}", "invalid header line: 'key")]
    public async Task A_line_may_break_the_rules_of_HTTP(string words, string heard)
    {
        await using var simulator = await Simulator.StartAsync();

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() =>
            simulator.GenerateAsync($"a cat [say {words}]", id: "one")
        );

        Assert.Contains(heard, failure.Message);
        Assert.Equal(1, simulator.Entry("one").TimesAccepted);
    }

    [Fact]
    public async Task Latency_holds_the_answer_back()
    {
        await using var simulator = await Simulator.StartAsync();

        var call = simulator.GenerateAsync("a cat [latency 5]", id: "one");
        await Eventually.TrueAsync(() => simulator.Server.ReadLedger().Server.GenerateCalls == 1);
        Assert.Equal(0, simulator.Server.ReadLedger().Totals.Submissions);
        Assert.False(call.IsCompleted);
        await Eventually.TrueAsync(() =>
        {
            simulator.Clock.Advance(TimeSpan.FromSeconds(1));
            return call.IsCompleted;
        });

        Assert.True((await call).Body.GetProperty("success").GetBoolean());
    }

    [Theory]
    [InlineData(RepeatedIdAnswer.ChargeAgain, 2, "0.1140")]
    [InlineData(RepeatedIdAnswer.ReturnSame, 1, "0.0380")]
    [InlineData(RepeatedIdAnswer.Refuse, 1, "0.0380")]
    public async Task A_repeated_id_is_answered_as_the_option_says(
        RepeatedIdAnswer answer,
        int accepted,
        string charged
    )
    {
        await using var simulator = await Simulator.StartAsync(options => options.RepeatedId = answer);
        await simulator.GenerateAsync("a cat", id: "one");

        var second = await simulator.GenerateAsync("a dog", num: 2, id: "one");

        Assert.Equal(answer != RepeatedIdAnswer.Refuse, second.Body.GetProperty("success").GetBoolean());
        if (answer == RepeatedIdAnswer.Refuse)
            Assert.Equal(["unique_request_id"], second.Faulted);
        var entry = simulator.Entry("one");
        Assert.Equal((accepted, decimal.Parse(charged)), (entry.TimesAccepted, entry.Charged));
    }

    [Fact]
    public async Task Of_calls_under_one_id_at_the_same_time_one_is_accepted_if_repeats_are_refused()
    {
        await using var simulator = await Simulator.StartAsync(options => options.RepeatedId = RepeatedIdAnswer.Refuse);

        await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => simulator.GenerateAsync("a cat", id: "one")));

        Assert.Equal(1, simulator.Entry("one").TimesAccepted);
    }

    [Fact]
    public async Task The_answer_to_a_repeated_id_can_be_changed_by_a_fault()
    {
        await using var simulator = await Simulator.StartAsync();
        simulator.Server.SetFaults("repeat-refuse x1", "repeat-same x1", "repeat-charge");
        await simulator.GenerateAsync("a cat", id: "one");

        var refused = await simulator.GenerateAsync("a cat", id: "one");
        var same = await simulator.GenerateAsync("a cat", id: "one");
        Assert.Equal(["unique_request_id"], refused.Faulted);
        Assert.Equal(["pending"], same.Statuses);
        Assert.Equal(1, simulator.Entry("one").TimesAccepted);

        await simulator.GenerateAsync("a cat", id: "one");
        Assert.Equal(2, simulator.Entry("one").TimesAccepted);
    }

    [Fact]
    public async Task A_marker_about_repeats_is_not_used_up_by_the_call_that_is_none()
    {
        await using var simulator = await Simulator.StartAsync();
        await simulator.GenerateAsync("a cat [repeat-refuse]", id: "one");

        var repeated = await simulator.GenerateAsync("a cat [repeat-refuse]", id: "one");

        Assert.Equal(["unique_request_id"], repeated.Faulted);
    }

    [Fact]
    public async Task A_late_submission_is_late_even_if_an_earlier_call_was_not_accepted()
    {
        await using var simulator = await Simulator.StartAsync();
        Assert.Equal(500, (await simulator.GenerateAsync("a cat [http-500] [late 3]", id: "one")).Status);

        await simulator.GenerateAsync("a cat [http-500] [late 3]", id: "one");

        Assert.Equal(["unique_request_id"], (await simulator.CheckAsync("one")).Faulted);
    }
}
