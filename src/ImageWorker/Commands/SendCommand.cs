using System.CommandLine;
using ImageWorker.Commands.Batches;
using ImageWorker.Contracts;
using ImageWorker.Engine;
using ImageWorker.Hosting;
using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Zpk;
using Microsoft.Extensions.Options;

namespace ImageWorker.Commands;

/// <summary>
/// <c>ImageWorker send PROMPT</c>: publishes one command to the configured broker, or to the file of an embedded
/// worker, waits for its closing event and prints it. With <c>--file</c> it is the same for each row of a file.
/// </summary>
public static class SendCommand
{
    /// <summary>A request closes by its deadline and the closing grace. If it takes longer, no worker runs.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public static Command Create()
    {
        var arguments = new GenerateArguments();
        var batch = new BatchArguments();
        var command = new Command(
            "send",
            "Publish one command, or those of a file, to the configured broker and wait for what closes them."
        );
        var json = GenerateArguments.JsonOption();
        arguments.AddTo(command);
        arguments.MakePromptOptional();
        command.Add(json);
        batch.AddTo(command);
        command.SetAction(
            (parsed, ct) =>
                batch.Read(parsed, arguments) is { } file
                    ? BatchCommand.RunAsync(file, parsed.GetValue(json), ct)
                    : RunAsync(arguments.Read(parsed), parsed.GetValue(json), ct)
        );
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
        await using var session = await BrokerSession.OpenAsync(builder, ct);
        await session.SendAsync(command, ct);
        sent();
        await Console.Error.WriteLineAsync($"request {command.RequestId} sent to {session.Destination}");
        await foreach (var told in session.EventsAsync(ct))
        {
            if (told is not ImageGenerated image)
                return ClosingEvent.Print(told, json);
            await Console.Error.WriteLineAsync($"image {image.Number}: generated {ShownText.Of(image.Url)}");
        }
        throw new OperationCanceledException(ct);
    }
}
