using ImageWorker.Hosting;

namespace ImageWorker.Engine;

/// <summary>Hands commands over to the workers: through the broker or, embedded, through the file.</summary>
public sealed class CommandSender(Connections connections, EmbeddedCommands file)
{
    /// <summary>Null once all are safe, else why they may not be.</summary>
    public async Task<string?> SendAsync<T>(string queue, IReadOnlyList<T> commands, CancellationToken ct)
        where T : class
    {
        if (connections.RabbitMq is null)
        {
            foreach (var command in commands)
                await file.AcceptAsync(command, ct);
            return null;
        }
        try
        {
            return await BrokerCommands.SendAsync(connections.RabbitMq, queue, commands, ct);
        }
        catch (BrokerException problem)
        {
            return $"{problem.Message}.";
        }
    }
}
