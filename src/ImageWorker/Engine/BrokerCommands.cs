using System.Text.Json;
using ImageWorker.Contracts;
using ImageWorker.Hosting;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace ImageWorker.Engine;

/// <summary>Sends one command to the broker.</summary>
public static class BrokerCommands
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>For a look that a command can do without.</summary>
    private static readonly TimeSpan LookPatience = TimeSpan.FromSeconds(5);

    /// <summary>Sends the command to the exchange of its queue, and waits for the broker's confirmation.</summary>
    /// <returns>Null once the broker has it, else why it may not have it.</returns>
    /// <exception cref="BrokerException">There is no connection to be had: nothing was sent.</exception>
    public static Task<string?> SendAsync<T>(string rabbitMq, string queue, T command, CancellationToken ct)
        where T : class => SendAsync(rabbitMq, queue, [command], ct);

    /// <summary>The same for many, by one connection. If it does not work, the first of them may have been sent.</summary>
    /// <exception cref="BrokerException">There is no connection to be had: nothing was sent.</exception>
    public static async Task<string?> SendAsync<T>(
        string rabbitMq,
        string queue,
        IReadOnlyList<T> commands,
        CancellationToken ct
    )
        where T : class
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        try
        {
            await using var connection = await BrokerHost.ConnectAsync(rabbitMq, ct);
            await using var channel = await connection.CreateChannelAsync(
                new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true),
                ct
            );
            patience.CancelAfter(Patience);
            foreach (var command in commands)
            {
                // A command that no queue would take is an error, not a success.
                await channel.BasicPublishAsync(
                    exchange: queue,
                    routingKey: "",
                    mandatory: true,
                    new BasicProperties
                    {
                        ContentType = "application/json",
                        MessageId = $"{Guid.NewGuid()}",
                        Persistent = true,
                        UserId = command is GenerateImages { Tenant: not null } ? BrokerHost.UserOf(rabbitMq) : null,
                    },
                    JsonSerializer.SerializeToUtf8Bytes(command, JsonSerializerOptions.Web),
                    patience.Token
                );
            }
            return null;
        }
        catch (Exception exception) when (exception is PublishException { IsReturn: true } || IsNotFound(exception))
        {
            return "the broker has no such queue yet. Start a worker once, then try again.";
        }
        catch (Exception exception)
            when (exception is RabbitMQClientException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            return $"RabbitMQ at {new Uri(rabbitMq).Host} did not confirm the command, and may have it all the same. See 'ImageWorker requests list' before you try again.";
        }
    }

    /// <summary>How many messages the queue holds that nobody has taken; null if there is no such queue.</summary>
    /// <exception cref="BrokerException">The broker cannot be asked.</exception>
    public static async Task<uint?> CountAsync(string rabbitMq, string queue, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(LookPatience);
        try
        {
            await using var connection = await BrokerHost.ConnectAsync(rabbitMq, patience.Token);
            return await new ErrorQueueClient(connection, queue).CountAsync(patience.Token);
        }
        catch (Exception exception)
            when (exception is RabbitMQClientException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            throw new BrokerException(rabbitMq, exception);
        }
    }

    private static bool IsNotFound(Exception exception) =>
        exception is OperationInterruptedException { ShutdownReason.ReplyCode: Constants.NotFound };
}
