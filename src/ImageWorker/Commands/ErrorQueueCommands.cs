using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using ImageWorker.Engine;
using ImageWorker.Hosting;
using ImageWorker.Operations;
using RabbitMQ.Client.Exceptions;

namespace ImageWorker.Commands;

/// <summary>
/// <c>ImageWorker queues list|redrive</c>: shows what was put aside and why, and puts it back once mended.
/// </summary>
public static class ErrorQueueCommands
{
    public static Command Create() => new("queues", "Messages that were put aside.") { List(), Redrive() };

    private static Command List()
    {
        var limit = new Option<int>("--limit")
        {
            Description = "How many messages of each queue to show.",
            DefaultValueFactory = _ => 20,
        };
        var json = new Option<bool>("--json") { Description = "For programs." };
        var command = new Command("list", "Show what was put aside, and why. It stays where it is.") { limit, json };
        command.SetAction(
            (parsed, ct) =>
                ConnectedAsync(
                    (open, queues) => ListAsync(open, queues, parsed.GetValue(limit), parsed.GetValue(json), ct),
                    ct
                )
        );
        return command;
    }

    private static Command Redrive()
    {
        var queue = new Argument<string>("QUEUE") { Description = "As 'queues list' names it." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only show what would be moved." };
        var limit = new Option<int>("--limit")
        {
            Description = "How many messages to move, the oldest first; all by default.",
            DefaultValueFactory = _ => int.MaxValue,
        };
        var command = new Command(
            "redrive",
            "Move messages back to the queue that they came from, once what failed is mended."
        )
        {
            queue,
            dryRun,
            limit,
        };
        command.SetAction(
            (parsed, ct) =>
                ConnectedAsync(
                    (open, _) =>
                        RedriveAsync(
                            open(parsed.GetValue(queue)!),
                            parsed.GetValue(dryRun),
                            parsed.GetValue(limit),
                            ct
                        ),
                    ct
                )
        );
        return command;
    }

    private static async Task<int> ListAsync(
        Func<string, ErrorQueueClient> open,
        Queues queues,
        int limit,
        bool json,
        CancellationToken ct
    )
    {
        var names = queues.All.SelectMany(queue => ErrorQueueClient.Suffixes.Select(suffix => queue + suffix));
        var isEmpty = true;
        foreach (var queue in names.Select(open))
        {
            if (await queue.CountAsync(ct) is not ({ } count and > 0))
                continue;
            isEmpty = false;
            var messages = await queue.ReadAsync(limit, ct);
            if (json)
            {
                foreach (var message in messages)
                    Console.WriteLine(
                        JsonSerializer.Serialize(new Line(queue.Name, message), JsonSerializerOptions.Web)
                    );
                continue;
            }
            Console.WriteLine($"{queue.Name}: {count}");
            foreach (var message in messages)
                Console.WriteLine(Described(message));
        }
        if (isEmpty && !json)
            Console.WriteLine("Nothing was put aside.");
        return CommandLine.Done;
    }

    private static async Task<int> RedriveAsync(ErrorQueueClient queue, bool dryRun, int limit, CancellationToken ct)
    {
        if (queue.Source is null)
            throw new ConfigurationException(
                $"'{queue.Name}' holds nothing that was put aside: name a queue that ends with {string.Join(" or ", ErrorQueueClient.Suffixes)}."
            );
        if (await queue.CountAsync(ct) is null)
            throw new ConfigurationException($"The broker has no queue '{queue.Name}'. See 'ImageWorker queues list'.");

        var moved = 0;
        await foreach (var message in dryRun ? Shown(queue, limit, ct) : queue.Redrive(limit, ct))
        {
            moved++;
            Console.WriteLine(Described(message));
        }
        Console.WriteLine(
            $"{Readable.Count(moved, "message")} {(dryRun ? "would be moved" : "moved")} to {queue.Source}"
        );
        return CommandLine.Done;
    }

    private static async IAsyncEnumerable<ErrorQueueMessage> Shown(
        ErrorQueueClient queue,
        int limit,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct
    )
    {
        foreach (var message in await queue.ReadAsync(limit, ct))
            yield return message;
    }

    private static string Described(ErrorQueueMessage message) =>
        $"  {message.Since?.UtcDateTime.ToString("u", CultureInfo.InvariantCulture) ?? "at an unknown time"}  request {message.RequestId?.ToString() ?? "unknown"}  {message.Reason}";

    private static async Task<int> ConnectedAsync(
        Func<Func<string, ErrorQueueClient>, Queues, Task<int>> act,
        CancellationToken ct
    )
    {
        var builder = CommandHost.Create();
        builder.Services.AddQueueNames();
        using var host = builder.BuildChecked();
        if (Connections.AreMissing(builder.Configuration))
        {
            await Console.Error.WriteLineAsync(
                "Nothing is put aside: embedded there is no broker. For one, set ConnectionStrings__RabbitMq."
            );
            return CommandLine.Done;
        }
        var rabbitMq = Connections.RabbitMqFrom(builder.Configuration);
        try
        {
            await using var connection = await BrokerHost.ConnectAsync(rabbitMq, ct);
            return await act(
                name => new(connection, name, BrokerHost.UserOf(rabbitMq)),
                host.Services.GetRequiredService<Queues>()
            );
        }
        catch (RabbitMQClientException exception)
        {
            throw new BrokerException(rabbitMq, exception);
        }
    }

    private sealed record Line(string Queue, DateTimeOffset? Since, Guid? RequestId, string Reason)
    {
        public Line(string queue, ErrorQueueMessage message)
            : this(queue, message.Since, message.RequestId, message.Reason) { }
    }
}
