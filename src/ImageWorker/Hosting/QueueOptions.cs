using System.ComponentModel.DataAnnotations;

namespace ImageWorker.Hosting;

/// <summary>How the worker uses its queues; section <c>Queues</c>.</summary>
public sealed class QueueOptions
{
    public const string Section = "Queues";

    /// <summary>Put before each queue's name, for several workers on one virtual host. Default none.</summary>
    [RegularExpression("[A-Za-z0-9._-]*", ErrorMessage = "takes only letters, digits, '.', '_' and '-'")]
    public string Prefix { get; set; } = "";

    /// <summary>Commands that are accepted at once; of cancellations a quarter. Default 128.</summary>
    [Range(1, 1000)]
    public int Concurrency { get; set; } = 128;

    /// <summary>
    /// Commands that may be unacknowledged at once; of cancellations a quarter. Default <see cref="Concurrency"/>. Where
    /// PostgreSQL has standbys, commands wait for them: set at least the commands a second times the seconds that a standby
    /// is behind.
    /// </summary>
    [Range(1, 10_000)]
    public int? Prefetch { get; set; }

    /// <summary>Deliveries of one message before the broker moves it to the queue's <c>_dead</c> queue. Default 50.</summary>
    [Range(1, 10_000)]
    public int DeliveryLimit { get; set; } = 50;

    /// <summary>The longest message that is read, in bytes. Of a longer one only the beginning is. Default 64 KiB.</summary>
    [Range(1024, 16 * 1024 * 1024)]
    public int MaxBody { get; set; } = 64 * 1024;

    /// <summary>
    /// Messages in a queue's error queue above which what cannot be read is dropped. Default 100,000.
    /// </summary>
    [Range(0, 100_000_000)]
    public int MaxPutAside { get; set; } = 100_000;
}
