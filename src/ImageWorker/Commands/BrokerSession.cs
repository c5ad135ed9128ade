using System.Collections.Concurrent;
using System.Threading.Channels;
using ImageWorker.Contracts;
using ImageWorker.Hosting;
using ImageWorker.Requests;
using MassTransit;
using RabbitMQ.Client.Exceptions;

namespace ImageWorker.Commands;

/// <summary>Sends commands to the configured broker. Their events come by a temporary queue.</summary>
internal sealed class BrokerSession : ISendSession
{
    /// <summary>For the broker to let us in, and again for it to take a command.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>For a worker that was just started to declare its queue.</summary>
    private static readonly TimeSpan QueuePatience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Goodbye = TimeSpan.FromSeconds(5);

    private readonly Channel<object> _events = Channel.CreateUnbounded<object>();
    private readonly ConcurrentDictionary<Guid, string> _sent = [];
    private readonly string _rabbitMq;
    private IHost? _host;
    private IBusControl? _bus;
    private ISendEndpoint? _queue;

    private BrokerSession(string rabbitMq) => _rabbitMq = rabbitMq;

    public string Destination { get; private set; } = "";

    /// <summary>Builds the host with a bus in it, and connects.</summary>
    /// <exception cref="BrokerException">The broker cannot be worked with.</exception>
    public static async Task<BrokerSession> OpenAsync(HostApplicationBuilder builder, CancellationToken ct)
    {
        var session = new BrokerSession(Connections.RabbitMqFrom(builder.Configuration));
        try
        {
            await session.ConnectAsync(builder, ct);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    public async Task SendAsync(GenerateImages command, CancellationToken ct)
    {
        _sent[command.RequestId] = CommandFingerprint.Of(command);
        try
        {
            await InTimeAsync(patience => SendOnceThereIsAQueueAsync(command, patience), ct);
        }
        catch (MessageReturnedException returned)
        {
            throw new IOException("the broker has no such queue yet. Start a worker once, then send again.", returned);
        }
        catch (Exception failure)
            when (failure is OperationCanceledException or RabbitMQClientException or MassTransitException
                && !ct.IsCancellationRequested
            )
        {
            throw new IOException(
                $"RabbitMQ at {new Uri(_rabbitMq).Host} did not confirm request {command.RequestId}, which may or may not have arrived. "
                    + $"Sending it again under the same id is safe: the same 'send' with '--request-id {command.RequestId}', or with the same '--file'.",
                failure
            );
        }
    }

    public IAsyncEnumerable<object> EventsAsync(CancellationToken ct) => _events.Reader.ReadAllAsync(ct);

    public async ValueTask DisposeAsync()
    {
        if (_bus is not null)
        {
            // A broker that has fallen silent answers no goodbye.
            using var patience = new CancellationTokenSource(Goodbye);
            await _bus.StopAsync(patience.Token)
                .WaitAsync(patience.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        _host?.Dispose();
    }

    private async Task ConnectAsync(HostApplicationBuilder builder, CancellationToken ct)
    {
        JsonNumbers.Use();
        builder.Services.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            bus.UsingRabbitMq(
                (context, rabbit) =>
                {
                    rabbit.UseBroker(_rabbitMq);
                    rabbit.ReceiveEndpoint(
                        new TemporaryEndpointDefinition("send"),
                        endpoint =>
                        {
                            endpoint.Handler<ImageGenerated>(c => NoteAsync(c, c.Message.RequestId));
                            endpoint.Handler<ImagesReady>(c => NoteAsync(c, c.Message.RequestId));
                            endpoint.Handler<ImagesFailed>(c => NoteAsync(c, c.Message.RequestId));
                        }
                    );
                }
            );
        });
        _host = builder.BuildChecked();
        Destination = _host.Services.GetRequiredService<Queues>().GenerateImages;
        var bus = _host.Services.GetRequiredService<IBusControl>();
        // A bus does not say what is wrong, and tries again and again.
        await (await BrokerHost.ConnectAsync(_rabbitMq, ct)).DisposeAsync();
        try
        {
            await InTimeAsync(bus.StartAsync, ct);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new BrokerException(
                _rabbitMq,
                new TimeoutException($"it lets nobody wait for an answer ({Patience.TotalSeconds} s)")
            );
        }
        _bus = bus;
        _queue = await bus.GetSendEndpoint(Queues.AddressOf(Destination));
    }

    /// <summary>A command that no queue would take is an error, not a success.</summary>
    /// <exception cref="MessageReturnedException">There is no queue.</exception>
    private async Task SendOnceThereIsAQueueAsync(GenerateImages command, CancellationToken ct)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                await _queue!.Send(
                    command,
                    Pipe.Execute<SendContext>(send =>
                    {
                        var message = send.GetPayload<RabbitMqSendContext>();
                        message.Mandatory = true;
                        if (command.Tenant is not null)
                            message.BasicProperties.UserId = BrokerHost.UserOf(_rabbitMq);
                    }),
                    ct
                );
                return;
            }
            catch (MessageReturnedException) when (TimeProvider.System.GetElapsedTime(begun) < QueuePatience)
            {
                await Task.Delay(Pause, ct);
            }
        }
    }

    /// <summary>Another publisher may have used the id, and is told its own outcome.</summary>
    private Task NoteAsync<T>(ConsumeContext<T> told, Guid requestId)
        where T : class
    {
        if (
            _sent.TryGetValue(requestId, out var fingerprint)
            && (told.Headers.Get<string>(CommandFingerprint.Header) ?? fingerprint) == fingerprint
        )
            _events.Writer.TryWrite(told.Message);
        return Task.CompletedTask;
    }

    /// <summary>MassTransit by itself tries again and again.</summary>
    /// <exception cref="OperationCanceledException">The broker did not do it in time.</exception>
    private static async Task InTimeAsync(Func<CancellationToken, Task> act, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        await act(patience.Token).WaitAsync(patience.Token);
    }
}
