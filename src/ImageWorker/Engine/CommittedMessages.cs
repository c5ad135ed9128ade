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
    /// Takes the messages of one commit, to be sent in their order: an image before the event that closes its request.
    /// What finds no room here is found in the table later.
    /// </summary>
    public void Add(IReadOnlyList<OutboxMessage> messages)
    {
        if (messages.Count > 0)
            _fresh.Writer.TryWrite(messages);
    }
}
