using System.Runtime.CompilerServices;
using ImageWorker.Contracts;
using ImageWorker.Engine;
using ImageWorker.Hosting;
using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Zpk;
using Microsoft.Extensions.Options;

namespace ImageWorker.Commands;

/// <summary>Sends commands to the file of the embedded worker, where their closed requests are found.</summary>
internal sealed class FileSession : ISendSession
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly Dictionary<Guid, GenerateImages> _open = [];
    private readonly IHost _host;
    private readonly EmbeddedCommands _commands;

    private FileSession(IHost host)
    {
        _host = host;
        _commands = host.Services.GetRequiredService<EmbeddedCommands>();
    }

    public string Destination { get; } = Path.GetFullPath(Connections.EmbeddedDatabase);

    /// <summary>Builds the host with the file's storage in it.</summary>
    public static FileSession Open(HostApplicationBuilder builder)
    {
        builder.Services.AddStorage(null, Connections.EmbeddedDatabase);
        builder.Services.AddSingleton<EmbeddedCommands>();
        return new(builder.BuildChecked());
    }

    public async Task SendAsync(GenerateImages command, CancellationToken ct)
    {
        await _commands.AcceptAsync(command, ct);
        _open[command.RequestId] = command;
    }

    public async IAsyncEnumerable<object> EventsAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var prices = _host.Services.GetRequiredService<IOptions<ZpkOptions>>().Value.Prices;
        while (true)
        {
            foreach (var closed in await _commands.ClosedAsync([.. _open.Keys], ct))
            {
                _open.Remove(closed.CorrelationId, out var command);
                yield return closed.Command?.AsksTheSameAs(command!) == false
                    ? RequestClosing.RefusalOf(command!, [CommandRules.RequestIdReused], closed.ClosedAt!.Value)
                    : closed.ClosingEvent(prices);
            }
            await Task.Delay(Pause, ct);
        }
    }

    public ValueTask DisposeAsync()
    {
        _host.Dispose();
        return ValueTask.CompletedTask;
    }
}
