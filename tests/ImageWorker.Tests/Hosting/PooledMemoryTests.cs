using System.Buffers;
using System.Runtime.CompilerServices;
using ImageWorker.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace ImageWorker.Tests.Hosting;

public sealed class PooledMemoryTests
{
    // No other test takes arrays of this size from the pool.
    private const int Length = 40 * 1024 * 1024;

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Once_no_large_array_was_used_for_a_while_the_pool_has_none_left()
    {
        var memory = new PooledMemory(_time);
        var pooled = Pool(3);

        memory.Used(Length);
        _time.Advance(PooledMemory.Quiet);
        _time.Advance(PooledMemory.Unused);

        Assert.All(pooled, array => Assert.False(array.TryGetTarget(out _)));
    }

    [Fact]
    public void They_stay_while_more_are_used()
    {
        var memory = new PooledMemory(_time);
        var pooled = Pool(1);

        memory.Used(Length);
        _time.Advance(PooledMemory.Quiet / 2);
        memory.Used(Length);
        _time.Advance(PooledMemory.Quiet / 2);

        Assert.All(pooled, array => Assert.True(array.TryGetTarget(out _)));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static List<WeakReference<byte[]>> Pool(int count)
    {
        var rented = Enumerable.Range(0, count).Select(_ => ArrayPool<byte>.Shared.Rent(Length)).ToList();
        rented.ForEach(array => ArrayPool<byte>.Shared.Return(array));
        return [.. rented.Select(array => new WeakReference<byte[]>(array))];
    }
}
