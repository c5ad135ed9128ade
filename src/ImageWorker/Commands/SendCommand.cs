using System.CommandLine;
using ImageWorker.Contracts;
using ImageWorker.Hosting;
using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Zpk;
using MassTransit;
using Microsoft.Extensions.Options;

namespace ImageWorker.Commands;

/// <summary>
/// <c>ImageWorker send PROMPT</c>: publishes one command to the configured broker, or to the file of an embedded
/// worker, waits for its closing event and prints it.
/// </summary>
public static class SendCommand
{
    /// <summary>A request closes by its deadline and the closing grace. If it takes longer, no worker runs.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>For the broker to let us in, and again for it to take the command.</summary>
    private static readonly TimeSpan BrokerPatience = TimeSpan.FromSeconds(30);

    public static Command Create()
    {
        var arguments = new GenerateArguments();
        var command = new Command(
            "send",
            "Publish one command to the configured broker and wait for its closing event."
        );
        var json = GenerateArguments.JsonOption();
        arguments.AddTo(command);
        command.Add(json);
        command.SetAction((parsed, ct) => RunAsync(arguments.Read(parsed), parsed.GetValue(json), ct));
        return command;
    }

    private static async Task<int> RunAsync(GenerateImages command, bool json, CancellationToken ct)
    {
        var builder = CommandHost.Create();
        builder.Services.AddQueueNames();

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(TimeSpan.FromSeconds(command.TimeoutSeconds) + Patience);
        var isSent = false;
        try
        {
            return Connections.AreMissing(builder.Configuration)
                ? await SendToFileAsync(builder, command, () => isSent = true, json, patience.Token)
                : await SendToBrokerAsync(builder, command, () => isSent = true, json, patience.Token);
        }
        catch (OperationCanceledException) when (isSent && !ct.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync(
                $"ImageWorker: request {command.RequestId} was not closed in time. Does a worker run?"
            );
        }
        catch (OperationCanceledException) when (isSent)
        {
            await Console.Error.WriteLineAsync(
                $"ImageWorker: request {command.RequestId} goes on. "
                    + $"See it with 'ImageWorker requests show {command.RequestId}', stop it with 'ImageWorker requests cancel {command.RequestId}'. "
                    + $"The same 'send' with '--request-id {command.RequestId}' waits for it again, and pays nothing twice."
            );
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync(
                $"ImageWorker: request {command.RequestId} may not have been sent. "
                    + $"The same 'send' with '--request-id {command.RequestId}' makes sure, and pays nothing twice."
            );
        }
        return CommandLine.Failed;
    }

    private static async Task<int> SendToFileAsync(
        HostApplicationBuilder builder,
        GenerateImages command,
        Action sent,
        bool json,
        CancellationToken ct
    )
    {
        builder.Services.AddStorage(null, Connections.EmbeddedDatabase);
        builder.Services.AddSingleton<EmbeddedCommands>();
        builder.Services.AddChecked<ZpkOptions>(ZpkOptions.Section);
        using var host = builder.BuildChecked();

        var commands = host.Services.GetRequiredService<EmbeddedCommands>();
        await commands.AcceptAsync(command, ct);
        sent();
        await Console.Error.WriteLineAsync(
            $"request {command.RequestId} is in {Path.GetFullPath(Connections.EmbeddedDatabase)}; 'ImageWorker run' in this folder works on it"
        );

        var closed = await new RequestProgressView(TimeProvider.System).FollowAsync(commands.Watch(command, ct), ct);
        if (closed is null)
            return ClosingEvent.Print(
                RequestClosing.RefusalOf(command, [CommandRules.RequestIdReused], TimeProvider.System.GetUtcNow()),
                json
            );
        var prices = host.Services.GetRequiredService<IOptions<ZpkOptions>>().Value.Prices;
        return ClosingEvent.Print(closed, prices, json);
    }

    private static async Task<int> SendToBrokerAsync(
        HostApplicationBuilder builder,
        GenerateImages command,
        Action sent,
        bool json,
        CancellationToken ct
    )
    {
        var rabbitMq = Connections.RabbitMqFrom(builder.Configuration);
        JsonNumbers.Use();
        var fingerprint = CommandFingerprint.Of(command);
        var closing = new TaskCompletionSource<object>(TaskCreationOptions.RunContinuationsAsynchronously);
        builder.Services.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            bus.UsingRabbitMq(
                (context, rabbit) =>
                {
                    rabbit.UseBroker(rabbitMq);
                    rabbit.ReceiveEndpoint(
                        new TemporaryEndpointDefinition("send"),
                        endpoint =>
                        {
                            endpoint.Handler<ImageGenerated>(c => NoteAsync(c));
                            endpoint.Handler<ImagesReady>(c => CloseAsync(c, c.Message.RequestId));
                            endpoint.Handler<ImagesFailed>(c => CloseAsync(c, c.Message.RequestId));
                        }
                    );
                }
            );
        });
        using var host = builder.BuildChecked();
        var bus = host.Services.GetRequiredService<IBusControl>();
        // A bus does not say what is wrong, and tries again and again.
        await (await BrokerHost.ConnectAsync(rabbitMq, ct)).DisposeAsync();
        await InTimeAsync(rabbitMq, "it lets nobody wait for an answer", bus.StartAsync, ct);
        try
        {
            var queue = host.Services.GetRequiredService<Queues>().GenerateImages;
            var endpoint = await bus.GetSendEndpoint(Queues.AddressOf(queue));
            // A command that no queue would take is an error, not a success.
            await InTimeAsync(
                rabbitMq,
                "it did not confirm the command, and may have it all the same",
                patience =>
                    endpoint.Send(
                        command,
                        Pipe.Execute<SendContext>(send =>
                        {
                            var message = send.GetPayload<RabbitMqSendContext>();
                            message.Mandatory = true;
                            if (command.Tenant is not null)
                                message.BasicProperties.UserId = BrokerHost.UserOf(rabbitMq);
                        }),
                        patience
                    ),
                ct
            );
            sent();
            await Console.Error.WriteLineAsync($"request {command.RequestId} sent to {queue}");
            return ClosingEvent.Print(await closing.Task.WaitAsync(ct), json);
        }
        catch (MessageReturnedException)
        {
            await Console.Error.WriteLineAsync(
                "ImageWorker: the broker has no such queue yet. Start a worker once, then send again."
            );
            return CommandLine.Failed;
        }
        finally
        {
            await bus.StopAsync(CancellationToken.None);
        }

        Task NoteAsync(ConsumeContext<ImageGenerated> image) =>
            IsAnswer(image, image.Message.RequestId)
                ? Console.Error.WriteLineAsync(
                    $"image {image.Message.Number}: generated {ShownText.Of(image.Message.Url)}"
                )
                : Task.CompletedTask;

        Task CloseAsync<T>(ConsumeContext<T> closed, Guid requestId)
            where T : class
        {
            if (IsAnswer(closed, requestId))
                closing.TrySetResult(closed.Message);
            return Task.CompletedTask;
        }

        // Another publisher may have used the id, and is told its own outcome.
        bool IsAnswer(MessageContext @event, Guid requestId) =>
            requestId == command.RequestId
            && (@event.Headers.Get<string>(CommandFingerprint.Header) ?? fingerprint) == fingerprint;
    }

    /// <summary>MassTransit by itself tries again and again.</summary>
    /// <exception cref="BrokerException">The broker did not do it in time.</exception>
    private static async Task InTimeAsync(
        string rabbitMq,
        string problem,
        Func<CancellationToken, Task> act,
        CancellationToken ct
    )
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(BrokerPatience);
        try
        {
            await act(patience.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new BrokerException(rabbitMq, new TimeoutException($"{problem} ({BrokerPatience.TotalSeconds} s)"));
        }
    }
}
