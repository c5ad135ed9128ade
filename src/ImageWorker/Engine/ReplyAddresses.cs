using System.Text.RegularExpressions;
using ImageWorker.Hosting;
using ImageWorker.Requests;
using ImageWorker.Telemetry;
using MassTransit;
using Microsoft.Extensions.Options;

namespace ImageWorker.Engine;

/// <summary>
/// Decides where answers may go. A publisher names a queue, and who can publish commands must not be able to write
/// anywhere else by having the worker do it.
/// </summary>
public sealed partial class ReplyAddresses
{
    private const int LongestName = 255;

    private readonly string? _virtualHost;
    private readonly Regex[] _allowed;
    private readonly WorkerMetrics _metrics;

    public ReplyAddresses(Connections connections, IOptions<ReplyOptions> options, WorkerMetrics metrics)
    {
        _virtualHost = connections.RabbitMq is { } rabbitMq ? VirtualHostIn(new Uri(rabbitMq).AbsolutePath) : null;
        _allowed =
        [
            .. options.Value.Allowed.Select(pattern => new Regex(
                $"^{Regex.Escape(pattern.Trim()).Replace("\\*", ".*", StringComparison.Ordinal)}$",
                RegexOptions.NonBacktracking
            )),
        ];
        _metrics = metrics;
    }

    /// <summary>Who asks for an answer to a command; null for nobody, or if it may not go where it is wanted.</summary>
    public Asker? AskerOf<T>(ConsumeContext<CommandRead<T>> context)
        where T : class
    {
        if (!context.ReceiveContext.TryGetPayload(out RabbitMqBasicConsumeContext? delivery))
            return null;
        var (wanted, properties) = (context.Message.ResponseAddress, delivery.Properties);
        if ((wanted ?? properties.ReplyTo) is not { Length: > 0 })
            return null;
        if ((wanted is null ? properties.ReplyTo : QueueIn(wanted)) is { } queue && MayGoTo(queue))
            return new(
                queue,
                IsPlain(properties.CorrelationId) ? properties.CorrelationId : null,
                context.Message.ResponseId
            );
        _metrics.ReplyDropped(DroppedReply.NotAllowed);
        return null;
    }

    /// <summary>True if an answer may go to a queue of this name.</summary>
    public bool MayGoTo(string queue) =>
        IsPlain(queue)
        && queue.Length <= LongestName
        && !OfWorker().IsMatch(queue)
        && (OfConnection().IsMatch(queue) || Array.Exists(_allowed, pattern => pattern.IsMatch(queue)));

    /// <summary>The queue in MassTransit's address of it; null if it is none of this virtual host.</summary>
    public string? QueueIn(string address)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri))
            return null;
        if (uri.Scheme == "queue")
            return Uri.UnescapeDataString(uri.AbsolutePath);
        var end = uri.AbsolutePath.LastIndexOf('/');
        return
            uri.Scheme is "rabbitmq" or "rabbitmqs" or "amqp" or "amqps"
            && VirtualHostIn(uri.AbsolutePath[..end]) == _virtualHost
            ? Uri.UnescapeDataString(uri.AbsolutePath[(end + 1)..])
            : null;
    }

    private static string VirtualHostIn(string path) =>
        Uri.UnescapeDataString(path.Length > 0 ? path[1..] : "") is var name && name == "/" ? "" : name;

    private static bool IsPlain(string? text) => text is not null && !text.Any(char.IsControl);

    /// <summary>
    /// Queues that RabbitMQ or MassTransit names: they belong to one connection and end with it. Direct reply-to, the
    /// broker's names, and a MassTransit bus.
    /// </summary>
    [GeneratedRegex(
        @"^(amq\.rabbitmq\.reply-to\..+|amq\.gen-.+|.+_bus_[a-z0-9]{26})$",
        RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex OfConnection();

    /// <summary>The worker's own, whatever their prefix.</summary>
    [GeneratedRegex("(generate|cancel)-images(_(error|skipped|dead))?$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex OfWorker();
}
