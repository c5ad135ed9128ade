using System.Diagnostics;
using System.Text.Json;
using ImageWorker.Contracts;
using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Submission;
using ImageWorker.Telemetry;
using ImageWorker.Tests.Saga;
using ImageWorker.Tests.Submission;
using ImageWorker.Tests.Zpk;
using Microsoft.Extensions.DependencyInjection;
using static ImageWorker.Tests.Saga.Happenings;

namespace ImageWorker.Tests.Telemetry;

public sealed class RequestTracingTests
{
    private const string Received = "process generate-images";
    private const string TraceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    private const string SpanId = "00f067aa0ba902b7";
    private const string Publisher = $"00-{TraceId}-{SpanId}-01";

    [Fact]
    public async Task Where_nobody_listens_what_the_publisher_sent_goes_through_to_the_event()
    {
        await using var worker = await WorkerUnderTest.StartAsync();

        var started = await SendAsync(worker, Command(), Publisher);
        var closed = await SendAsync(worker, Command() with { MaxCost = 0.01m }, Publisher);
        var refused = await SendAsync(worker, Command() with { Prompt = "" }, Publisher);

        Assert.Equal(Publisher, started.Request?.TraceParent);
        Assert.Null(started.Only<SubmitImages>().Trace);
        Assert.Equal(Publisher, Assert.Single(closed.Events).TraceParent);
        Assert.Equal(Publisher, Assert.Single(refused.Events).TraceParent);
    }

    [Theory]
    [InlineData("hello")]
    [InlineData("00-00000000000000000000000000000000-00f067aa0ba902b7-01")]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-and more")]
    public async Task A_header_that_is_no_trace_is_not_kept(string header)
    {
        await using var worker = await WorkerUnderTest.StartAsync();

        var started = await SendAsync(worker, Command(), header);

        Assert.Equal("Submitting", started.State);
        Assert.Null(started.Request!.TraceParent);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_publishers_tracestate_goes_through_to_calls_and_events(bool isTraced)
    {
        using var traced = isTraced ? new Traced() : null;
        await using var worker = await WorkerUnderTest.StartAsync();
        const string state = "vendor=a1, other@vendor=b2";

        var started = await SendAsync(worker, Command(), Publisher, state);
        var closed = await SendAsync(worker, Command() with { MaxCost = 0.01m }, Publisher, state);
        var refused = await SendAsync(worker, Command() with { Prompt = "" }, Publisher, state);

        Assert.Equal(state, started.Request!.TraceState);
        Assert.Equal(state, Assert.Single(closed.Events).TraceState);
        Assert.Equal(state, Assert.Single(refused.Events).TraceState);
        var submit = started.Only<SubmitImages>();
        using var span = RequestTracing.StartCall(submit, null, worker.Time.GetUtcNow());
        Assert.Equal(isTraced ? state : null, span?.TraceStateString);
    }

    [Theory]
    [InlineData("no member")]
    [InlineData("Upper=1")]
    [InlineData("a=1,a=2")]
    [InlineData("a=1,b=\u001b[31m")]
    [InlineData(",")]
    [InlineData(null)]
    public async Task A_tracestate_that_is_malformed_or_too_long_is_dropped_and_nothing_else(string? state)
    {
        await using var worker = await WorkerUnderTest.StartAsync();

        var started = await SendAsync(worker, Command(), Publisher, state ?? $"a={new string('x', 511)}");

        Assert.Equal((Publisher, null), (started.Request!.TraceParent, started.Request.TraceState));
    }

    [Fact]
    public async Task A_tracestate_without_a_trace_is_dropped()
    {
        await using var worker = await WorkerUnderTest.StartAsync();

        var started = await SendAsync(worker, Command(), "hello", "a=1");

        Assert.Null(started.Request!.TraceState);
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("true", "generate_content zpk zpk-ultra image 0.076")]
    public async Task A_paid_call_has_the_conventions_of_generative_AI_where_the_setting_says_so(
        string? setting,
        string? told
    )
    {
        using var zpk = new StubZpk();
        using var traced = new Traced();
        await using var worker = await WorkerUnderTest.StartAsync(
            zpk,
            new Dictionary<string, string?>(StringComparer.Ordinal) { ["Telemetry:IncludeGenAi"] = setting }
        );
        var submit = (await worker.HandleAsync(Command())).Only<SubmitImages>();

        await worker.HandleAsync(submit);

        var span = traced.One(submit.RequestId, "submit");
        string[] names = ["operation.name", "provider.name", "request.model", "output.type"];
        object?[] values =
        [
            .. names.Select(name => span.GetTagItem($"gen_ai.{name}")),
            span.GetTagItem("imageworker.cost"),
        ];
        Assert.Equal(
            told ?? "    0.076",
            FormattableString.Invariant($"{values[0]} {values[1]} {values[2]} {values[3]} {values[4]}")
        );
    }

    [Fact]
    public async Task A_publisher_with_MassTransit_is_the_parent_too()
    {
        using var traced = new Traced();
        await using var worker = await WorkerUnderTest.StartAsync();
        var command = Command();

        var started = await worker.HandleAsync(command, activityId: Publisher);

        var span = traced.One(command.RequestId, Received);
        Assert.Equal((TraceId, SpanId), ($"{span.TraceId}", $"{span.ParentSpanId}"));
        Assert.Equal(span.Id, started.Request!.TraceParent);
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("true", "a lighthouse")]
    public async Task The_prompt_is_told_where_the_setting_says_so_and_nowhere_else(string? setting, string? told)
    {
        using var traced = new Traced();
        await using var worker = await WorkerUnderTest.StartAsync(
            settings: new Dictionary<string, string?>(StringComparer.Ordinal) { ["Telemetry:IncludePrompts"] = setting }
        );
        var command = Command();

        await worker.HandleAsync(command);

        Assert.Equal(told, traced.One(command.RequestId, Received).GetTagItem("imageworker.prompt"));
    }

    [Fact]
    public async Task A_refused_command_is_its_callers_fault_and_its_event_is_below_it()
    {
        using var traced = new Traced();
        await using var worker = await WorkerUnderTest.StartAsync();
        var command = Command() with { Count = 100 };

        var refused = await worker.HandleAsync(command);

        var span = traced.One(command.RequestId, Received);
        Assert.Equal(("refused", "InvalidRequest"), (Outcome(span), span.GetTagItem("error.type")));
        Assert.Equal(ActivityStatusCode.Unset, span.Status);
        Assert.Equal(span.Id, Assert.Single(refused.Events).TraceParent);
    }

    [Fact]
    public async Task A_repeated_command_with_a_trace_of_its_own_is_linked_to_the_requests()
    {
        using var traced = new Traced();
        await using var worker = await WorkerUnderTest.StartAsync();
        var command = Command();
        await worker.HandleAsync(command);

        await SendAsync(worker, command, Publisher);

        var spans = traced.Of(command.RequestId, Received);
        Assert.Equal(("accepted", "repeated"), (Outcome(spans[0]), Outcome(spans[1])));
        Assert.Equal(spans[0].Context.SpanId, Assert.Single(spans[1].Links).Context.SpanId);
    }

    [Fact]
    public async Task A_wait_says_what_was_asked_for_and_how_late_its_end_was()
    {
        using var zpk = new StubZpk();
        zpk.Check(Answers.Checked);
        using var traced = new Traced();
        await using var worker = await WorkerUnderTest.StartAsync(zpk);
        var (id, request) = await worker.ReachAsync(Given.Generating);
        var began = worker.Time.GetUtcNow();

        var ticked = await worker.TickAsync(id, TimeSpan.FromSeconds(27 + 4));
        await worker.HandleAsync(ticked.Only<CheckImages>());

        var wait = traced.One(id, "wait for pictures");
        Assert.Equal((began.UtcDateTime, TimeSpan.FromSeconds(31)), (wait.StartTimeUtc, wait.Duration));
        Assert.Equal("check", wait.GetTagItem("imageworker.wait.for"));
        Assert.Equal(
            (27d, 27d, 4d),
            (
                wait.GetTagItem("imageworker.wait_time"),
                wait.GetTagItem("imageworker.wait.planned"),
                wait.GetTagItem("imageworker.lateness")
            )
        );
        Assert.Equal(request!.TraceParent, wait.ParentId);
        Assert.Equal(request.TraceParent, traced.One(id, "check").ParentId);
    }

    [Fact]
    public async Task A_submission_put_off_is_an_error_and_the_wait_for_it_is_shown()
    {
        using var zpk = new StubZpk { IsAway = true };
        using var traced = new Traced();
        await using var worker = await WorkerUnderTest.StartAsync(zpk);
        var submit = (await worker.HandleAsync(Command())).Only<SubmitImages>();
        var deferred = (await worker.HandleAsync(submit)).Only<SubmissionDeferred>();
        var request = (await worker.HandleAsync(deferred)).Request!;

        var again = (await worker.TickWhenDueAsync(request)).Only<SubmitImages>();
        await worker.HandleAsync(again);

        var spans = traced.Of(request.CorrelationId, "submit");
        Assert.Equal(2, spans.Count);
        Assert.Equal(("deferred", "deferred"), (Outcome(spans[0]), spans[0].GetTagItem("error.type")));
        Assert.Equal(ActivityStatusCode.Error, spans[0].Status);
        var wait = traced.One(request.CorrelationId, "wait for retry");
        Assert.Equal(("submit", TimeSpan.FromSeconds(2)), (wait.GetTagItem("imageworker.wait.for"), wait.Duration));
    }

    [Fact]
    public async Task A_check_without_an_answer_is_an_error()
    {
        using var zpk = new StubZpk { OnCheck = () => Task.FromResult(StubApi.RetryAfter(503, 60)) };
        using var traced = new Traced();
        await using var worker = await WorkerUnderTest.StartAsync(zpk);
        var (id, _) = await worker.ReachAsync(Given.Generating);

        await worker.HandleAsync((await worker.TickAsync(id, TimeSpan.FromSeconds(27))).Only<CheckImages>());

        var span = traced.One(id, "check");
        Assert.Equal(("unavailable", "unavailable"), (Outcome(span), span.GetTagItem("error.type")));
        Assert.Equal(ActivityStatusCode.Error, span.Status);
    }

    [Theory]
    [InlineData(FailureReason.DeadlineExceeded, true)]
    [InlineData(FailureReason.GeneralError, true)]
    [InlineData(FailureReason.RejectedByProvider, true)]
    [InlineData(FailureReason.SubmissionUnresolved, true)]
    [InlineData(FailureReason.InvalidRequest, false)]
    [InlineData(FailureReason.ContentPolicyViolation, false)]
    [InlineData(FailureReason.BudgetExceeded, false)]
    [InlineData(FailureReason.Cancelled, false)]
    public void A_closing_event_tells_of_a_failure_and_whether_the_service_is_at_fault(
        FailureReason reason,
        bool isError
    )
    {
        using var traced = new Traced();
        var id = Guid.NewGuid();
        var failed = RequestClosing.RefusalOf(Command(id), [], DateTimeOffset.UnixEpoch) with { Reason = reason };
        var message = OutboxMessage.Event(failed, id, id, DateTimeOffset.UnixEpoch, Publisher, "");

        RequestTracing.StartPublish(message, new("rabbitmq://localhost/"))!.Dispose();

        var span = traced.One(id, "publish ImageWorker.Contracts:ImagesFailed");
        Assert.Equal(($"{reason}", $"{reason}"), (Outcome(span), span.GetTagItem("error.type")));
        Assert.Equal(isError ? ActivityStatusCode.Error : ActivityStatusCode.Unset, span.Status);
    }

    [Fact]
    public async Task A_deadline_is_an_error_and_ends_the_wait_early()
    {
        using var zpk = new StubZpk();
        zpk.Check(Answers.Checked);
        using var traced = new Traced();
        await using var worker = await WorkerUnderTest.StartAsync(zpk);
        var command = Command() with { TimeoutSeconds = 60 };
        var request = (await worker.HandleAsync(command)).Request!;
        await worker.TickAsync(command.RequestId, TimeSpan.FromSeconds(50));
        request = (await worker.HandleAsync(request.Accepted(worker, 0.0760m, Running(0), Running(1)))).Request!;

        var ticked = await worker.TickAsync(command.RequestId, TimeSpan.FromSeconds(10));
        await worker.HandleAsync(ticked.Only<CheckImages>());

        var wait = traced.One(command.RequestId, "wait for pictures");
        Assert.Equal(
            ("deadline", 27d),
            (wait.GetTagItem("imageworker.wait.ended_by"), wait.GetTagItem("imageworker.wait.planned"))
        );
        Assert.Null(wait.GetTagItem("imageworker.lateness"));
        Assert.Equal(TimeSpan.FromSeconds(10), wait.Duration);
        var tick = traced.Of(command.RequestId, "tick")[^1];
        Assert.Equal(("DeadlineExceeded", "DeadlineExceeded"), (Outcome(tick), tick.GetTagItem("error.type")));
        Assert.Equal(ActivityStatusCode.Error, tick.Status);
        Assert.Equal(request.TraceParent, tick.ParentId);
    }

    [Theory]
    [InlineData(Given.Generating, "wait for pictures", "check")]
    [InlineData(Given.WaitingToResend, "wait for resend", "resend")]
    [InlineData(Given.Deferred, "wait for retry", "submit")]
    public async Task A_cancelled_request_shows_what_it_has_waited_for(Given given, string name, string next)
    {
        using var traced = new Traced();
        await using var worker = await WorkerUnderTest.StartAsync();
        var (id, request) = await worker.ReachAsync(given);
        worker.Time.Advance(TimeSpan.FromSeconds(1));

        await worker.HandleAsync(new CancelImages { RequestId = id });

        var wait = traced.One(id, name);
        Assert.Equal(
            ("cancellation", next, TimeSpan.FromSeconds(1)),
            (wait.GetTagItem("imageworker.wait.ended_by"), wait.GetTagItem("imageworker.wait.for"), wait.Duration)
        );
        Assert.Equal(request!.TraceParent, wait.ParentId);
        Assert.Equal(ActivityStatusCode.Unset, traced.One(id, "process cancel-images").Status);
    }

    [Fact]
    public async Task A_wait_that_a_callback_ends_says_so()
    {
        using var zpk = new StubZpk();
        zpk.Check(Answers.Checked);
        using var traced = new Traced();
        await using var worker = await WorkerUnderTest.StartAsync(zpk);
        var (id, request) = await worker.ReachAsync(Given.Generating);
        worker.Time.Advance(TimeSpan.FromSeconds(10));
        await worker.HandleAsync(new CallbackReceived(id, request!.Submissions[0].Id));

        var ticked = await worker.TickAsync(id, TimeSpan.FromSeconds(1));
        await worker.HandleAsync(ticked.Only<CheckImages>());

        var wait = traced.One(id, "wait for pictures");
        Assert.Equal(
            ("callback", 27d, 10d, 1d),
            (
                wait.GetTagItem("imageworker.wait.ended_by"),
                wait.GetTagItem("imageworker.wait_time"),
                wait.GetTagItem("imageworker.wait.planned"),
                wait.GetTagItem("imageworker.lateness")
            )
        );
    }

    [Fact]
    public async Task A_request_cancelled_before_its_turn_shows_the_wait_for_it()
    {
        using var traced = new Traced();
        await using var worker = await WorkerUnderTest.StartAsync(
            settings: new Dictionary<string, string?>(StringComparer.Ordinal) { ["Submission:PerSecond"] = "1" }
        );
        var command = Command();
        await worker.HandleAsync(command);
        worker.Time.Advance(TimeSpan.FromSeconds(5));

        await worker.HandleAsync(new CancelImages { RequestId = command.RequestId });

        var wait = traced.One(command.RequestId, "wait for turn");
        Assert.Equal(
            ("cancellation", TimeSpan.FromSeconds(5)),
            (wait.GetTagItem("imageworker.wait.ended_by"), wait.Duration)
        );
    }

    [Fact]
    public async Task A_call_that_is_put_off_again_and_again_shows_each_wait_once()
    {
        using var traced = new Traced();
        await using var worker = await WorkerUnderTest.StartAsync();
        var calls = worker.Services.GetRequiredService<PendingCalls>();
        var (id, _) = await worker.ReachAsync(Given.Submitting);
        var due = worker.Time.GetUtcNow();
        var submission = (await worker.FindAsync(id))!.Submissions[0];
        calls.Add(
            new SubmitImages(id, submission.Id, 2, Command(id))
            {
                AcceptedAt = default,
                Trace = new(Publisher, [0, 1], 1, Wait: null),
            }
        );
        foreach (var _ in Enumerable.Range(0, 2))
        {
            var call = calls.Take(checks: true, submissions: true)!;
            RequestTracing.StartCall(call.Message, call.Wait, worker.Time.GetUtcNow())?.Dispose();
            calls.PutBack(call, worker.Time.GetUtcNow().AddSeconds(3));
            worker.Time.Advance(TimeSpan.FromSeconds(4));
        }

        var last = calls.Take(checks: true, submissions: true)!;
        RequestTracing.StartCall(last.Message, last.Wait, worker.Time.GetUtcNow())?.Dispose();

        var waits = traced.Of(id, "wait for retry");
        Assert.Equal([0, 4], waits.Select(wait => (wait.StartTimeUtc - due.UtcDateTime).TotalSeconds));
        Assert.All(waits, wait => Assert.Equal(1d, wait.GetTagItem("imageworker.lateness")));
    }

    [Fact]
    public async Task What_has_happened_is_logged_once_it_is_committed_and_on_a_span_that_is_exported()
    {
        using var traced = new Traced();
        using var log = new LoggedSpans();
        await using var worker = await WorkerUnderTest.StartAsync(interceptor: log, log: log);
        log.Clear();
        var command = Command() with { TimeoutSeconds = 3600 };
        var request = (await worker.HandleAsync(command)).Request!;
        await worker.HandleAsync(Command() with { Prompt = "" });

        await worker.TickAsync(request.CorrelationId, TimeSpan.FromHours(2));

        Assert.Equal(
            "commit accepted: commit refused: commit passed",
            string.Join(' ', log.Seen.Select(seen => seen.What))
        );
        var exported = traced.All.Select(span => span.SpanId).ToHashSet();
        var entries = log.Seen.Where(seen => seen.What is not "commit").ToList();
        Assert.All(entries, entry => Assert.Contains(entry.Span!.Value, exported));
    }

    private static object? Outcome(Activity span) => span.GetTagItem("imageworker.outcome");

    private static Task<Handled> SendAsync(
        WorkerUnderTest worker,
        GenerateImages command,
        string traceParent,
        string? traceState = null
    ) =>
        worker.HandleBareAsync(
            "generate-images",
            JsonSerializer.Serialize(command, JsonSerializerOptions.Web),
            command.RequestId,
            traceParent,
            traceState
        );
}
