using System.Diagnostics.CodeAnalysis;
using MassTransit;
using MassTransit.Context;
using RabbitMQ.Client;

namespace ImageWorker.Engine;

/// <summary>
/// Hides from the error queue which of the broker's users a message states. The broker takes it under no user's id but the
/// worker's own, and closes the channel.
/// </summary>
internal sealed class PutAsideWithoutUser : IFilter<ExceptionReceiveContext>
{
    public Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next) =>
        next.Send(new Userless(context));

    public void Probe(ProbeContext context) => context.CreateScope("putAsideWithoutUser");

    private sealed class Userless(ExceptionReceiveContext context)
        : ReceiveContextProxy(context),
            ExceptionReceiveContext
    {
        public Exception Exception => context.Exception;

        public DateTime ExceptionTimestamp => context.ExceptionTimestamp;

        public ExceptionInfo ExceptionInfo => context.ExceptionInfo;

        public SendHeaders ExceptionHeaders => context.ExceptionHeaders;

        public override bool TryGetPayload<TPayload>([NotNullWhen(true)] out TPayload? payload)
            where TPayload : class
        {
            var isThere = base.TryGetPayload(out payload);
            if (payload is RabbitMqBasicConsumeContext delivery)
                payload = new UserlessDelivery(delivery) as TPayload ?? payload;
            return isThere;
        }
    }

    private sealed class UserlessDelivery(RabbitMqBasicConsumeContext delivery) : RabbitMqBasicConsumeContext
    {
        public string Exchange => delivery.Exchange;

        public string? RoutingKey => delivery.RoutingKey;

        public string ConsumerTag => delivery.ConsumerTag;

        public ulong DeliveryTag => delivery.DeliveryTag;

        public IReadOnlyBasicProperties Properties { get; } =
            new BasicProperties(delivery.Properties) { UserId = null };
    }
}
