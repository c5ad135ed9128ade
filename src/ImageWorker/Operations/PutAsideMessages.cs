using ImageWorker.Engine;
using ImageWorker.Hosting;
using RabbitMQ.Client.Exceptions;

namespace ImageWorker.Operations;

/// <summary>Messages that failed or were given up. The broker keeps them; embedded there are none.</summary>
public sealed class PutAsideMessages(Connections connections, Queues queues)
{
    /// <summary>How many of a queue's oldest messages a call looks at, unless all of them are meant.</summary>
    public const int Looked = 10_000;

    private const int AtOnce = 200;

    /// <summary>The queues that there may be.</summary>
    public IReadOnlyList<string> Queues { get; } =
    [.. queues.All.SelectMany(queue => ErrorQueueClient.Suffixes.Select(suffix => queue + suffix))];

    public bool Has(string queue) => Queues.Contains(queue, StringComparer.Ordinal);

    /// <summary>Reads the oldest messages of one queue, or of all. They stay where they are.</summary>
    /// <returns>The queues that hold something, or why the broker cannot be asked.</returns>
    public async Task<(IReadOnlyList<QueuePutAside> Queues, string? Problem)> ReadAsync(
        string? queue,
        int limit,
        bool withPrompts,
        CancellationToken ct
    )
    {
        var found = new List<QueuePutAside>();
        var problem = await WithBrokerAsync(
            async open =>
            {
                foreach (var client in (queue is null ? Queues : [queue]).Select(open))
                {
                    if (await client.CountAsync(ct) is not ({ } count and > 0))
                        continue;
                    var messages = await client.ReadAsync(limit, ct);
                    found.Add(
                        new(
                            client.Name,
                            count,
                            [.. messages.Select(message => withPrompts ? message : message with { Prompt = null })]
                        )
                    );
                }
            },
            ct
        );
        return (found, problem);
    }

    /// <summary>Moves messages of a queue back to where they came from, or deletes them: a part of them a call.</summary>
    /// <param name="queue">One of <see cref="Queues"/>.</param>
    /// <param name="isMeant">Which.</param>
    /// <param name="isAll">Whether that is all of them.</param>
    /// <param name="isRedrive">Whether they are moved.</param>
    /// <param name="ct">Ends it.</param>
    public async Task<PutAsideEnd> SettleAsync(
        string queue,
        Func<ErrorQueueMessage, bool> isMeant,
        bool isAll,
        bool isRedrive,
        CancellationToken ct
    )
    {
        var (done, left) = (0, 0);
        var problem = await WithBrokerAsync(
            async open =>
            {
                var client = open(queue);
                if (await client.CountAsync(ct) is not { } count)
                    return;
                (done, left) = await client.SettleAsync(isMeant, isRedrive, AtOnce, isAll ? AtOnce : Looked, ct);
                if (isAll)
                    left = Math.Max(0, (int)count - done);
            },
            ct
        );
        return new(done, left, problem);
    }

    private async Task<string?> WithBrokerAsync(Func<Func<string, ErrorQueueClient>, Task> act, CancellationToken ct)
    {
        if (connections.RabbitMq is not { } rabbitMq)
            return null;
        try
        {
            await using var connection = await BrokerHost.ConnectAsync(rabbitMq, ct);
            await act(name => new(connection, name, BrokerHost.UserOf(rabbitMq)));
            return null;
        }
        catch (BrokerException problem)
        {
            return $"{problem.Message}.";
        }
        catch (RabbitMQClientException problem)
        {
            return $"{BrokerProblem.Of(problem, rabbitMq).Text}.";
        }
    }
}

/// <summary>A queue, and its oldest messages.</summary>
public sealed record QueuePutAside(string Queue, uint Count, IReadOnlyList<ErrorQueueMessage> Messages);

/// <summary>What came of a call.</summary>
/// <param name="Done">How many it moved or deleted.</param>
/// <param name="Left">How many of those that are meant are left for the next.</param>
/// <param name="Problem">Why the broker could not be asked; null if it could.</param>
public sealed record PutAsideEnd(int Done, int Left, string? Problem);
