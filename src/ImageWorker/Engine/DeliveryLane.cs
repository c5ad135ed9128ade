using System.Threading.Channels;
using ImageWorker.Storage;

namespace ImageWorker.Engine;

/// <summary>
/// What goes to one destination. Each destination has a lane of its own, so one that refuses its messages, or does not
/// answer, holds up nothing beside it.
/// </summary>
/// <param name="concurrency">Messages sent at once.</param>
/// <param name="backlog">Messages that may wait here.</param>
/// <param name="send">Sends one message until the time it is given; false where that failed.</param>
internal sealed class DeliveryLane(int concurrency, int backlog, Func<OutboxMessage, DateTimeOffset, Task<bool>> send)
    : IDisposable
{
    private readonly Channel<Entry> _waiting = Channel.CreateBounded<Entry>(
        new BoundedChannelOptions(backlog) { SingleReader = true }
    );

    private readonly SemaphoreSlim _slots = new(concurrency);

    /// <summary>True from a message that could not be sent until the next that could.</summary>
    public bool IsFailing { get; private set; }

    public int Waiting => _waiting.Reader.Count;

    /// <summary>Adds a message. One that finds no room is found in the table later.</summary>
    /// <param name="message">The message.</param>
    /// <param name="until">The end of this process's lease on it. A message that waits for longer is not sent from here.</param>
    /// <param name="before">What should be sent first, if it can be.</param>
    /// <returns>Ends when the message was sent, or could not be.</returns>
    public Task AddAsync(OutboxMessage message, DateTimeOffset until, Task before)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return _waiting.Writer.TryWrite(new(message, until, before, done)) ? done.Task : Task.CompletedTask;
    }

    public async Task RunAsync(CancellationToken stopping)
    {
        await foreach (var entry in _waiting.Reader.ReadAllAsync(stopping))
        {
            await _slots.WaitAsync(stopping);
            _ = SendAsync(entry);
        }
    }

    public void Dispose() => _slots.Dispose();

    private async Task SendAsync(Entry entry)
    {
        try
        {
            await entry.Before;
            IsFailing = !await send(entry.Message, entry.Until);
        }
        finally
        {
            entry.Done.SetResult();
            _slots.Release();
        }
    }

    private sealed record Entry(OutboxMessage Message, DateTimeOffset Until, Task Before, TaskCompletionSource Done);
}
