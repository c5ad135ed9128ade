using ImageWorker.Hosting;
using MassTransit;

namespace ImageWorker.Commands.Requests;

/// <summary>Sends one command to the broker.</summary>
internal static class BrokerCommands
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Sends the command to the exchange of its queue, and waits for the broker's confirmation.</summary>
    /// <returns>Null once the broker has it, else why it has not.</returns>
    public static async Task<string?> SendAsync<T>(string rabbitMq, string queue, T command, CancellationToken ct)
        where T : class
    {
        JsonNumbers.Use();
        var address = new Uri(rabbitMq);
        var bus = Bus.Factory.CreateUsingRabbitMq(rabbit => rabbit.UseBroker(rabbitMq));
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        try
        {
            await bus.StartAsync(patience.Token);
            var endpoint = await bus.GetSendEndpoint(Queues.AddressOf(queue));
            // A command that no queue would take is an error, not a success.
            await endpoint.Send(
                command,
                Pipe.Execute<SendContext>(send => send.GetPayload<RabbitMqSendContext>().Mandatory = true),
                patience.Token
            );
            return null;
        }
        catch (MessageReturnedException)
        {
            return "the broker has no such queue yet. Start a worker once, then try again.";
        }
        catch (Exception exception)
            when (exception is RabbitMqConnectionException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            return $"RabbitMQ at {address.Host} cannot be reached: nothing was sent.";
        }
        finally
        {
            await bus.StopAsync(CancellationToken.None);
        }
    }
}
