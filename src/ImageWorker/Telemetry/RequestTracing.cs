using System.Diagnostics;
using System.Text.Json;
using ImageWorker.Requests;
using ImageWorker.Storage;
using MassTransit;
using MassTransit.Logging;

namespace ImageWorker.Telemetry;

/// <summary>
/// One trace for each request. The publisher's span is the parent of the command's span. The command's span is the
/// parent of all that follows: its context is stored with the request, so this holds in any process and at any time. If
/// nobody listens, no span is made, and the publisher's context goes through to the events.
/// </summary>
public static class RequestTracing
{
    public const string SourceName = "ImageWorker";

    /// <summary>The W3C's header. MassTransit has its own header for the same value.</summary>
    public const string TraceParent = "traceparent";

    public const string RequestId = "imageworker.request.id";

    private const string UniqueRequestId = "imageworker.unique_request_id";
    private const string ImageNumbers = "imageworker.image_numbers";

    private static readonly ActivitySource Source = new(SourceName);

    public static bool IsOn => Source.HasListeners();

    /// <summary>The data for a call's spans; null if nobody listens, or nobody did when the request came.</summary>
    public static CallTrace? Of(ImageRequest request, ImageSubmission submission, RequestWait? wait) =>
        IsOn && request.TraceParent is { } parent
            ? new(parent, submission.ImageNumbers, request.Images[submission.ImageNumbers[0]].Attempts, wait)
            {
                State = request.TraceState,
            }
            : null;

    /// <summary>
    /// The publisher's <c>traceparent</c>, the first valid one in these headers, and its <c>tracestate</c>; null for none.
    /// </summary>
    public static (string? Parent, string? State) PublisherIn(Headers headers) =>
        (Valid(TextIn(headers, TraceParent)) ?? Valid(TextIn(headers, DiagnosticHeaders.ActivityId))) is { } parent
            ? (parent, TraceState.Valid(TextIn(headers, TraceState.Header)))
            : (null, null);

    /// <summary>Starts the span of a command, under its publisher's; null for a message from inside.</summary>
    public static Activity? StartProcess(object message, bool includePrompt)
    {
        if (!IsOn || message is not CommandAsked { Arrival: var arrival } asked)
            return null;
        var span = Start($"process {arrival.Queue}", ActivityKind.Consumer, arrival.TraceParent, arrival.TraceState);
        if (span is not { IsAllDataRequested: true })
            return span;
        span.SetMessaging("process", "process", arrival.Queue, arrival.MessageId, arrival.Broker)
            .SetTag(RequestId, asked.SagaId);
        if (includePrompt && asked is GenerateAsked { Command.Prompt: var prompt })
            span.SetTag("imageworker.prompt", prompt);
        return span;
    }

    /// <summary>Starts the span of a call, after the span of the wait that it ends.</summary>
    public static Activity? StartCall(IZpkCall call, RequestWait? wait, DateTimeOffset now)
    {
        if (call.Trace is not { } trace)
            return null;
        if (wait?.Since < now)
            Waited(call.RequestId, (trace.Parent, trace.State), wait, now);
        return Start(call is CheckImages ? "check" : "submit", ActivityKind.Internal, trace.Parent, trace.State)
            ?.SetTag(RequestId, call.RequestId)
            .SetTag(UniqueRequestId, call.SubmissionId)
            .SetTag(ImageNumbers, trace.ImageNumbers.ToArray())
            .SetTag("imageworker.attempt", trace.Attempt);
    }

    /// <summary>
    /// Starts the span of a timer's step that changed its request, from the step's begin. It ends once what the step did
    /// is told.
    /// </summary>
    public static Activity? StartTick(UnitOfWork unit) =>
        IsOn && unit.Request is { TraceParent: { } parent } request
            ? Start("tick", ActivityKind.Internal, parent, request.TraceState, unit.Now)
                ?.SetTag(RequestId, request.CorrelationId)
            : null;

    /// <summary>What the request waits for, to be told by <see cref="EndWaits"/>; null if nobody traces.</summary>
    public static List<RequestWait>? OpenWaits(ImageRequest request, DateTimeOffset now) =>
        IsOn && request.TraceParent is not null ? request.OpenWaits(now) : null;

    /// <summary>Makes the spans of waits that something has ended before their time.</summary>
    public static void EndWaits(ImageRequest request, List<RequestWait> waits, string by, DateTimeOffset now)
    {
        foreach (var wait in waits)
            Waited(request.CorrelationId, (request.TraceParent!, request.TraceState), wait, now, by);
    }

    /// <summary>Starts the span of an event on its way to the broker: the parent of its subscribers' spans.</summary>
    public static Activity? StartPublish(OutboxMessage message, Uri bus)
    {
        if (!IsOn || message.TraceParent is null)
            return null;
        var exchange = message.IsReply
            ? "reply"
            : message.Destination[(message.Destination.IndexOf(':', StringComparison.Ordinal) + 1)..];
        var span = Start($"publish {exchange}", ActivityKind.Producer, message.TraceParent, message.TraceState);
        if (span is not { IsAllDataRequested: true })
            return span;
        span.SetMessaging("publish", "send", exchange, message.MessageId, bus).SetTag(RequestId, message.CorrelationId);
        using var body = JsonDocument.Parse(message.Body);
        span.NoteClosing(body.RootElement.GetProperty("message"));
        return span;
    }

    private static void Waited(
        Guid requestId,
        (string Parent, string? State) trace,
        RequestWait wait,
        DateTimeOffset now,
        string? endedBy = null
    )
    {
        using var span = Start($"wait for {wait.For}", ActivityKind.Internal, trace.Parent, trace.State, wait.Since);
        if (span is not { IsAllDataRequested: true })
            return;
        span.SetTag(RequestId, requestId)
            .SetTag(UniqueRequestId, wait.SubmissionId)
            .SetTag(ImageNumbers, wait.ImageNumbers.ToArray())
            .SetTag("imageworker.wait.for", wait.Next)
            .SetTag("imageworker.wait.ended_by", endedBy ?? wait.HurriedBy)
            // In seconds: the wait that ZPK asked for, the planned wait, and how late it ended.
            .SetTag("imageworker.wait_time", wait.WaitTime?.TotalSeconds)
            .SetTag("imageworker.wait.planned", (wait.Due - wait.Since)?.TotalSeconds);
        if (endedBy is null && now - wait.Due is { } late)
            span.SetTag("imageworker.lateness", Math.Max(0, late.TotalSeconds));
        span.SetEndTime(now.UtcDateTime);
    }

    private static Activity? Start(
        string name,
        ActivityKind kind,
        string? parent,
        string? state,
        DateTimeOffset since = default
    ) =>
        Source.StartActivity(
            name,
            kind,
            ActivityContext.TryParse(parent, state, isRemote: true, out var context) ? context : default,
            startTime: since
        );

    /// <summary>OpenTelemetry's conventions for messaging.</summary>
    private static Activity SetMessaging(
        this Activity span,
        string operation,
        string type,
        string destination,
        Guid messageId,
        Uri broker
    )
    {
        var isRabbitMq = broker.Scheme.StartsWith("rabbitmq", StringComparison.Ordinal);
        span.SetTag("messaging.system", isRabbitMq ? "rabbitmq" : "in_memory")
            .SetTag("messaging.operation.name", operation)
            .SetTag("messaging.operation.type", type)
            .SetTag("messaging.destination.name", destination)
            .SetTag("messaging.message.id", $"{messageId}");
        if (isRabbitMq)
            span.SetTag("server.address", broker.Host)
                .SetTag("server.port", broker.Port > 0 ? broker.Port : DefaultPort(broker));
        return span;
    }

    private static int DefaultPort(Uri broker) => broker.Scheme is "rabbitmqs" ? 5671 : 5672;

    /// <summary>AMQP's headers have types. What is no text is not converted: that can fail.</summary>
    private static string? TextIn(Headers headers, string name) =>
        headers.TryGetHeader(name, out var value) ? value as string : null;

    private static string? Valid(string? traceParent) =>
        ActivityContext.TryParse(traceParent, null, out _) ? traceParent : null;
}
