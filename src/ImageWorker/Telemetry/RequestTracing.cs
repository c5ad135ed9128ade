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
            : null;

    /// <summary>The publisher's <c>traceparent</c>: the first valid one in these headers; null for none.</summary>
    public static string? PublisherIn(Headers headers) =>
        Valid(TextIn(headers, TraceParent)) ?? Valid(TextIn(headers, DiagnosticHeaders.ActivityId));

    /// <summary>Starts the span of a command, under its publisher's; null for a message from inside.</summary>
    public static Activity? StartProcess(object message, bool includePrompt)
    {
        if (!IsOn || message is not CommandAsked { Arrival: var arrival } asked)
            return null;
        var span = Start(
            asked is GenerateAsked ? "process generate-images" : "process cancel-images",
            ActivityKind.Consumer,
            arrival.TraceParent
        );
        span?.SetTag("messaging.system", arrival.System)
            .SetTag("messaging.destination.name", arrival.Queue)
            .SetTag("messaging.operation.name", "process")
            .SetTag("messaging.operation.type", "process")
            .SetTag("messaging.message.id", arrival.MessageId)
            .SetTag(RequestId, asked.SagaId);
        if (includePrompt && asked is GenerateAsked { Command.Prompt: var prompt })
            span?.SetTag("imageworker.prompt", prompt);
        return span;
    }

    /// <summary>Starts the span of a call, after the span of the wait that it ends.</summary>
    public static Activity? StartCall(IZpkCall call, RequestWait? wait, DateTimeOffset now)
    {
        if (call.Trace is not { } trace)
            return null;
        if (wait?.Since < now)
            Waited(call.RequestId, trace.Parent, wait, now);
        return Start(call is CheckImages ? "check" : "submit", ActivityKind.Internal, trace.Parent)
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
            ? Start("tick", ActivityKind.Internal, parent, unit.Now)?.SetTag(RequestId, request.CorrelationId)
            : null;

    /// <summary>What the request waits for, to be told by <see cref="EndWaits"/>; null if nobody traces.</summary>
    public static List<RequestWait>? OpenWaits(ImageRequest request, DateTimeOffset now) =>
        IsOn && request.TraceParent is not null ? request.OpenWaits(now) : null;

    /// <summary>Makes the spans of waits that something has ended before their time.</summary>
    public static void EndWaits(ImageRequest request, List<RequestWait> waits, string by, DateTimeOffset now)
    {
        foreach (var wait in waits)
            Waited(request.CorrelationId, request.TraceParent!, wait, now, by);
    }

    /// <summary>Starts the span of an event on its way to the broker: the parent of its subscribers' spans.</summary>
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

    private static void Waited(
        Guid requestId,
        string parent,
        RequestWait wait,
        DateTimeOffset now,
        string? endedBy = null
    )
    {
        using var span = Start($"wait for {wait.For}", ActivityKind.Internal, parent, wait.Since);
        if (span is not { IsAllDataRequested: true })
            return;
        span.SetTag(RequestId, requestId)
            .SetTag(UniqueRequestId, wait.SubmissionId)
            .SetTag(ImageNumbers, wait.ImageNumbers.ToArray())
            .SetTag("imageworker.wait.for", wait.Next)
            .SetTag("imageworker.wait.ended_by", endedBy)
            // In seconds: the wait that ZPK asked for, the planned wait, and how late it ended.
            .SetTag("imageworker.wait_time", wait.WaitTime?.TotalSeconds)
            .SetTag("imageworker.wait.planned", (wait.Due - wait.Since)?.TotalSeconds);
        if (endedBy is null && now - wait.Due is { } late)
            span.SetTag("imageworker.lateness", Math.Max(0, late.TotalSeconds));
        span.SetEndTime(now.UtcDateTime);
    }

    private static Activity? Start(string name, ActivityKind kind, string? parent, DateTimeOffset since = default) =>
        Source.StartActivity(
            name,
            kind,
            ActivityContext.TryParse(parent, null, isRemote: true, out var context) ? context : default,
            startTime: since
        );

    /// <summary>The messaging system of an address, as OpenTelemetry names it.</summary>
    public static string SystemOf(Uri address) =>
        address.Scheme.StartsWith("rabbitmq", StringComparison.Ordinal) ? "rabbitmq" : "in_memory";

    /// <summary>AMQP's headers have types. What is no text is not converted: that can fail.</summary>
    private static string? TextIn(Headers headers, string name) =>
        headers.TryGetHeader(name, out var value) ? value as string : null;

    private static string? Valid(string? traceParent) =>
        ActivityContext.TryParse(traceParent, null, out _) ? traceParent : null;
}
