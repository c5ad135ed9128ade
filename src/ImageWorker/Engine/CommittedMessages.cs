using System.Threading.Channels;
using ImageWorker.Storage;
using Microsoft.Extensions.Options;

namespace ImageWorker.Engine;

/// <summary>Messages that this process just committed, on their way to <see cref="OutboxDelivery"/>.</summary>
public sealed class CommittedMessages(IOptions<DeliveryOptions> options)
{
    private readonly Channel<IReadOnlyList<OutboxMessage>> _fresh = Channel.CreateBounded<IReadOnlyList<OutboxMessage>>(
        new BoundedChannelOptions(options.Value.Backlog) { SingleReader = true }
    );

    public ChannelReader<IReadOnlyList<OutboxMessage>> Reader => _fresh.Reader;

    /// <summary>
    /// Adds the messages of one commit. They are sent in order: an image before the event that closes its request.
    /// Messages that find no room here are found in the table later.
    /// </summary>
    public void Add(IReadOnlyList<OutboxMessage> messages)
    {
        if (messages.Count > 0)
            _fresh.Writer.TryWrite(messages);
    }
}
