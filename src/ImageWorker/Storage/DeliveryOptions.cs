using System.ComponentModel.DataAnnotations;

namespace ImageWorker.Storage;

/// <summary>How the outbox and the timers work; section <c>Delivery</c>.</summary>
public sealed class DeliveryOptions
{
    public const string Section = "Delivery";

    /// <summary>
    /// How long a message or a due timer belongs to the process that committed or claimed it. After that another one
    /// delivers it again. Default 30 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How late a timer may be before another process fires it. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan TickPatience { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How often the tables are searched for work that other processes left. With a broker, the outbox is searched
    /// every sixth of <see cref="Lease"/> if that is longer. Default 1 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.05", "00:10:00")]
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Rows claimed at a time. Default 200.</summary>
    [Range(1, 10_000)]
    public int SweepBatch { get; set; } = 200;

    /// <summary>Delivered rows removed at a time. Default 500.</summary>
    [Range(1, 10_000)]
    public int DeleteBatch { get; set; } = 500;

    /// <summary>How long delivered rows are gathered before they are removed. Default 200 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan DeleteInterval { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Messages sent at once to each exchange, and timers handled at once. Default 128.</summary>
    [Range(1, 10_000)]
    public int Concurrency { get; set; } = 128;

    /// <summary>Committed messages kept in memory for delivery, in all and to each exchange; the rest wait in the table. Default 10,000.</summary>
    [Range(1, 1_000_000)]
    public int Backlog { get; set; } = 10_000;

    /// <summary>
    /// How long a command waits for a standby to have its commit before it is acknowledged. After that the worker goes on
    /// without, until a standby has caught up. 0 never waits. Without a standby that shows how far it is, there is nothing
    /// to wait for. Default 10 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan ReplicationPatience { get; set; } = TimeSpan.FromSeconds(10);
}
