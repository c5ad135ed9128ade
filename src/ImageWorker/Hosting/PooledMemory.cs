using System.Buffers;

namespace ImageWorker.Hosting;

/// <summary>
/// Gives large arrays of the shared pool back after use. RabbitMQ's client takes each message's memory from there, and on a
/// machine with memory to spare the pool would keep it for good.
/// </summary>
/// <param name="time">The clock.</param>
public sealed class PooledMemory(TimeProvider time)
{
    /// <summary>Arrays from this size on are given back, in bytes.</summary>
    public const int Large = 1024 * 1024;

    /// <summary>An array that is taken from the pool in vain is no more than this part of the memory.</summary>
    private const int SmallPart = 16;

    public static readonly TimeSpan Quiet = TimeSpan.FromSeconds(5);

    /// <summary>The pool takes from threads what they have not used for half a minute, at the next collection.</summary>
    public static readonly TimeSpan Unused = TimeSpan.FromSeconds(35);

    private readonly Lock _lock = new();
    private ITimer? _timer;
    private long _largest;
    private bool _isEmptied;

    /// <summary>Says that an array of that length was just used. Once none was for a while, all are given back.</summary>
    public void Used(long length)
    {
        lock (_lock)
        {
            _largest = Math.Max(_largest, length);
            _isEmptied = false;
            _timer ??= time.CreateTimer(_ => GiveBack(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(Quiet, Timeout.InfiniteTimeSpan);
        }
    }

    private void GiveBack()
    {
        lock (_lock)
        {
            if (!_isEmptied)
            {
                Empty(_largest);
                _isEmptied = true;
                _timer!.Change(Unused, Timeout.InfiniteTimeSpan);
            }
            else
                _largest = 0;
        }
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }

    /// <summary>Takes the arrays of each size out of the pool until it makes a new one, and returns none.</summary>
    private static void Empty(long largest)
    {
        var most = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / SmallPart;
        for (long size = Large; size < 2 * largest && size <= most; size *= 2)
        {
            long before;
            do
            {
                before = GC.GetAllocatedBytesForCurrentThread();
                ArrayPool<byte>.Shared.Rent((int)size);
            } while (GC.GetAllocatedBytesForCurrentThread() - before < size);
        }
    }
}
