using System.Diagnostics;
using System.Text.Json;
using ImageWorker.Contracts;
using ImageWorker.Delivery;
using ImageWorker.Requests;
using MassTransit;
using MassTransit.Logging;

namespace ImageWorker.Telemetry;

/// <summary>
/// One trace a request: the span of its command has the publisher's as its parent, and is the parent of all that
/// follows, in whichever process and however much later, since its context is stored with the request. Where nobody
/// listens, no span is made, and what the publisher sent goes through to the events.
/// </summary>
public static class RequestTracing
{
    public const string SourceName = "ImageWorker";

    /// <summary>The header by the W3C's rules; MassTransit has one of its own for the same value.</summary>
    public const string TraceParent = "traceparent";

    public const string RequestId = "imageworker.request.id";

    private static readonly ActivitySource Source = new(SourceName);

    public static bool IsOn => Source.HasListeners();

    /// <summary>What the publisher of a command says to be its parent; null for none, and within the process.</summary>
    public static string? PublisherOf<T>(ConsumeContext<T> context)
        where T : class
    {
        if (context.Message is not (GenerateImages or CancelImages))
            return null;
        var headers = context.ReceiveContext.TransportHeaders;
        return headers.Get<string>(TraceParent) is { } standard && ActivityContext.TryParse(standard, null, out _)
                ? standard
            : headers.Get<string>(DiagnosticHeaders.ActivityId) is { } own && ActivityContext.TryParse(own, null, out _)
                ? own
            : null;
    }

    /// <summary>The span of a command, under its publisher's; null for what travels within the process.</summary>
    public static Activity? StartProcess<T>(ConsumeContext<T> context, string? publisher, bool includePrompt)
        where T : class
    {
        if (!IsOn || context.Message is not (GenerateImages or CancelImages))
            return null;
        var span = Start(
            context.Message is GenerateImages ? "process generate-images" : "process cancel-images",
            ActivityKind.Consumer,
            publisher
        );
        var address = context.ReceiveContext.InputAddress;
        span?.SetTag("messaging.system", SystemOf(address))
            .SetTag("messaging.destination.name", address.Segments[^1])
            .SetTag("messaging.operation.name", "process")
            .SetTag("messaging.operation.type", "process")
            .SetTag("messaging.message.id", context.MessageId)
            .SetTag(RequestId, context.CorrelationId);
        if (includePrompt && context.Message is GenerateImages { Prompt: var prompt })
            span?.SetTag("imageworker.prompt", prompt);
        return span;
    }

    /// <summary>The span of a submission, and before it that of the wait that it ends.</summary>
    public static Activity? StartSubmit(SubmitImages message, DateTimeOffset now) =>
        StartCall("submit", message.Trace is { Attempt: > 1 } ? "resend" : "submit", message, message.Trace, now);

    /// <summary>The span of a check, and before it that of the wait that it ends.</summary>
    public static Activity? StartCheck(CheckImages message, DateTimeOffset now) =>
        StartCall("check", "check", message, message.Trace, now);

    /// <summary>The span of an event on its way to the broker, whose subscribers' spans it is the parent of.</summary>
    public static Activity? StartPublish(OutboxMessage message, Uri bus)
    {
        if (!IsOn || message.TraceParent is null)
            return null;
        var exchange = message.Destination[(message.Destination.IndexOf(':', StringComparison.Ordinal) + 1)..];
        var span = Start($"publish {exchange.Split(':')[^1]}", ActivityKind.Producer, message.TraceParent);
        if (span is not { IsAllDataRequested: true })
            return span;
        span.SetTag("messaging.system", SystemOf(bus))
            .SetTag("messaging.destination.name", exchange)
            .SetTag("messaging.operation.name", "publish")
            .SetTag("messaging.operation.type", "send")
            .SetTag("messaging.message.id", message.MessageId)
            .SetTag(RequestId, message.CorrelationId);
        using var body = JsonDocument.Parse(message.Body);
        span.NoteClosing(body.RootElement.GetProperty("message"));
        return span;
    }

    /// <summary>
    /// Has log entries name the request's trace where no span of it is under way. It is no span itself, and ends when
    /// it is disposed of.
    /// </summary>
    public static Activity? Resume(string? traceParent) =>
        IsOn && traceParent is not null && Activity.Current is null
            ? new Activity("step").SetParentId(traceParent).Start()
            : null;

    private static Activity? StartCall(
        string name,
        string endOfWait,
        IZpkCall call,
        CallTrace? trace,
        DateTimeOffset now
    )
    {
        if (trace is null)
            return null;
        if (trace.WaitingSince is { } since && since < now)
            Waited(call, endOfWait, trace, since, now);
        return Start(name, ActivityKind.Internal, trace.Parent)
            ?.SetTag(RequestId, call.RequestId)
            .SetTag("imageworker.unique_request_id", call.SubmissionId)
            .SetTag("imageworker.image_numbers", trace.ImageNumbers.ToArray())
            .SetTag("imageworker.attempt", trace.Attempt);
    }

    private static void Waited(
        IZpkCall call,
        string endOfWait,
        CallTrace trace,
        DateTimeOffset since,
        DateTimeOffset now
    )
    {
        using var span = Start("wait", ActivityKind.Internal, trace.Parent, since)
            ?.SetTag(RequestId, call.RequestId)
            .SetTag("imageworker.unique_request_id", call.SubmissionId)
            .SetTag("imageworker.wait.for", endOfWait)
            // In seconds: what ZPK asked for, what it was meant to be, and how much longer it was.
            .SetTag("imageworker.wait_time", trace.WaitTime?.TotalSeconds)
            .SetTag("imageworker.wait.planned", (trace.Due - since)?.TotalSeconds)
            .SetTag("imageworker.lateness", (now - trace.Due)?.TotalSeconds);
        span?.SetEndTime(now.UtcDateTime);
    }

    private static Activity? Start(string name, ActivityKind kind, string? parent, DateTimeOffset since = default) =>
        Source.StartActivity(
            name,
            kind,
            ActivityContext.TryParse(parent, null, isRemote: true, out var context) ? context : default,
            startTime: since
        );

    private static string SystemOf(Uri address) =>
        address.Scheme.StartsWith("rabbitmq", StringComparison.Ordinal) ? "rabbitmq" : "in_memory";
}
