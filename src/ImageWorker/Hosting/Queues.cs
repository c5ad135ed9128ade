using Microsoft.Extensions.Options;

namespace ImageWorker.Hosting;

/// <summary>The worker's queues by name. Each is bound to a fanout exchange of the same name.</summary>
public sealed class Queues(IOptions<QueueOptions> options)
{
    public string GenerateImages { get; } = options.Value.Prefix + "generate-images";

    public string CancelImages { get; } = options.Value.Prefix + "cancel-images";

    /// <summary>True if this worker shares its virtual host with others.</summary>
    public bool HasPrefix { get; } = options.Value.Prefix.Length > 0;

    public IReadOnlyList<string> All => [GenerateImages, CancelImages];

    /// <summary>How many messages of a queue are handled at once.</summary>
    public int ConcurrencyOf(string queue) => ShareOf(queue, options.Value.Concurrency);

    /// <summary>How many messages of a queue the broker delivers ahead of their acknowledgement.</summary>
    public int PrefetchOf(string queue) => ShareOf(queue, options.Value.Prefetch ?? options.Value.Concurrency);

    /// <summary>A queue exchange's short address. It has no host name, so it stays true when hosts change.</summary>
    public static Uri AddressOf(string queue) => new($"exchange:{queue}");

    /// <summary>Cancellations are few, and what is delivered is in memory.</summary>
    private int ShareOf(string queue, int count) => queue == CancelImages ? Math.Max(1, count / 4) : count;
}

public static class QueueRegistration
{
    public static void AddQueueNames(this IServiceCollection services)
    {
        services.AddChecked<QueueOptions>(QueueOptions.Section);
        services.AddSingleton<Queues>();
    }
}
