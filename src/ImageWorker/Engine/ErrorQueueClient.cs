using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace ImageWorker.Engine;

/// <summary>
/// A queue of messages that were put aside: <c>NAME_error</c> (failed), <c>NAME_skipped</c> (nobody's) or
/// <c>NAME_dead</c> (given up by the broker). A read message stays here until the broker has confirmed it elsewhere.
/// </summary>
/// <param name="connection">The broker.</param>
/// <param name="name">The queue's name.</param>
/// <param name="user">The connection's user, which messages that are moved state; null for none.</param>
public sealed class ErrorQueueClient(IConnection connection, string name, string? user = null)
{
    public static readonly IReadOnlyList<string> Suffixes = ["_error", "_skipped", "_dead"];

    // Reading counts as a delivery, and RabbitMQ drops a message after 20 deliveries unless told otherwise.
    private const long DeliveriesBeforeRenewal = 10;

    private const string Renewed = "ImageWorker-Renewed";

    private static readonly string[] Traces =
    [
        Renewed,
        "MT-Fault-",
        "MT-Reason",
        "x-death",
        "x-first-death-",
        "x-last-death-",
        "x-delivery-count",
        "x-acquired-count",
        "CC",
        "BCC",
    ];

    public string Name => name;

    /// <summary>The queue that its messages came from; null if its name has none of the suffixes.</summary>
    public string? Source =>
        Suffixes.FirstOrDefault(suffix => name.EndsWith(suffix, StringComparison.Ordinal)) is { } suffix
            ? name[..^suffix.Length]
            : null;

    /// <summary>How many messages it holds; null if there is no such queue.</summary>
    public async Task<uint?> CountAsync(CancellationToken ct)
    {
        // Asking for a queue that does not exist closes the channel.
        await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);
        try
        {
            return await channel.MessageCountAsync(name, ct);
        }
        catch (OperationInterruptedException)
        {
            return null;
        }
    }

    /// <summary>Reads the oldest messages. They stay where they are.</summary>
    public async Task<IReadOnlyList<ErrorQueueMessage>> ReadAsync(int limit, CancellationToken ct)
    {
        await using var channel = await OpenAsync(ct);
        var (read, kept) = (new List<ErrorQueueMessage>(), new List<ulong>());
        var look = Guid.NewGuid().ToString();
        while (read.Count < limit && await channel.BasicGetAsync(name, autoAck: false, ct) is { } message)
        {
            // What this look has renewed stands behind all the others.
            var isAtEnd = RenewedBy(message) == look;
            await KeepAsync(channel, message, kept, look, ct);
            if (isAtEnd)
                break;
            read.Add(ErrorQueueMessage.From(message));
        }

        await PutBackAsync(channel, kept, ct);
        return read;
    }

    /// <summary>
    /// Has a message that was read stay, without its body in memory: there can be thousands, and large ones. One that was
    /// read often is renewed, so that it is the queue's last, and says by which look.
    /// </summary>
    private async Task KeepAsync(
        IChannel channel,
        BasicGetResult message,
        List<ulong> kept,
        string look,
        CancellationToken ct
    )
    {
        if (Deliveries(message) < DeliveriesBeforeRenewal)
        {
            kept.Add(message.DeliveryTag);
            return;
        }
        var headers = message.BasicProperties.Headers ?? new Dictionary<string, object?>(StringComparer.Ordinal);
        var properties = new BasicProperties(message.BasicProperties)
        {
            Headers = new Dictionary<string, object?>(headers, StringComparer.Ordinal) { [Renewed] = look },
        };
        await MoveAsync(channel, message, name, properties, ct);
    }

    private static async Task PutBackAsync(IChannel channel, List<ulong> kept, CancellationToken ct)
    {
        foreach (var message in kept)
            await channel.BasicNackAsync(message, multiple: false, requeue: true, ct);
    }

    /// <summary>Moves the oldest messages back to the queue that they came from; yields each once it is there.</summary>
    public async IAsyncEnumerable<ErrorQueueMessage> Redrive(
        int limit,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct
    )
    {
        await using var channel = await OpenAsync(ct);
        // No more than there are now, because a message that fails again comes back to the end.
        var count = Math.Min(limit, await channel.MessageCountAsync(name, ct));
        for (var i = 0; i < count && await channel.BasicGetAsync(name, autoAck: false, ct) is { } message; i++)
        {
            await MoveAsync(channel, message, Source!, WithoutTraces(message.BasicProperties), ct);
            yield return ErrorQueueMessage.From(message);
        }
    }

    /// <summary>
    /// Moves those that are meant back to the queue that they came from, or deletes them. The others stay. It looks at the
    /// oldest <paramref name="looked"/>.
    /// </summary>
    /// <returns>How many it moved or deleted, and how many of those that are meant it saw and left.</returns>
    public async Task<(int Done, int Left)> SettleAsync(
        Func<ErrorQueueMessage, bool> isMeant,
        bool isRedrive,
        int limit,
        int looked,
        CancellationToken ct
    )
    {
        await using var channel = await OpenAsync(ct);
        var (done, left) = (0, 0);
        var (kept, look) = (new List<ulong>(), Guid.NewGuid().ToString());
        // No more than there are now, because one that fails again, or is renewed, comes to the end.
        var count = Math.Min(looked, await channel.MessageCountAsync(name, ct));
        for (var i = 0; i < count && await channel.BasicGetAsync(name, autoAck: false, ct) is { } message; i++)
        {
            var isMeantNow = isMeant(ErrorQueueMessage.From(message));
            if (!isMeantNow || done == limit)
            {
                left += isMeantNow ? 1 : 0;
                await KeepAsync(channel, message, kept, look, ct);
            }
            else
            {
                if (isRedrive)
                    await MoveAsync(channel, message, Source!, WithoutTraces(message.BasicProperties), ct);
                else
                    await channel.BasicAckAsync(message.DeliveryTag, multiple: false, CancellationToken.None);
                done++;
            }
        }
        await PutBackAsync(channel, kept, ct);
        return (done, left);
    }

    private Task<IChannel> OpenAsync(CancellationToken ct) =>
        connection.CreateChannelAsync(
            new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true),
            ct
        );

    /// <summary>
    /// Publishes the message, waits until the broker has it safe, and only then removes it here. If the process ends in
    /// between, both queues have it, and the request id makes that harmless.
    /// </summary>
    private async Task MoveAsync(
        IChannel channel,
        BasicGetResult message,
        string queue,
        BasicProperties properties,
        CancellationToken ct
    )
    {
        properties.Persistent = true;
        // The broker refuses a user id other than the connection's own.
        properties.UserId = user;
        await channel.BasicPublishAsync("", queue, mandatory: true, properties, message.Body, ct);
        await channel.BasicAckAsync(message.DeliveryTag, multiple: false, CancellationToken.None);
    }

    private static string? RenewedBy(BasicGetResult message) =>
        message.BasicProperties.Headers?.TryGetValue(Renewed, out var look) is true && look is byte[] text
            ? Encoding.UTF8.GetString(text)
            : null;

    private static long Deliveries(BasicGetResult message) =>
        message.BasicProperties.Headers?.TryGetValue("x-delivery-count", out var count) is true
            ? Convert.ToInt64(count)
            : 0;

    /// <summary>As published, without traces of its failure and without what the broker would act on again.</summary>
    private static BasicProperties WithoutTraces(IReadOnlyBasicProperties properties) =>
        new(properties)
        {
            Headers = properties
                .Headers?.Where(header => !Traces.Any(trace => header.Key.StartsWith(trace, StringComparison.Ordinal)))
                .ToDictionary(header => header.Key, header => header.Value, StringComparer.Ordinal),
        };
}
