using ImageWorker.Storage;
using ImageWorker.Tests.ZpkSimulator;

namespace ImageWorker.Tests.Storage;

public sealed class BatcherTests
{
    private readonly List<int[]> _batches = [];
    private readonly Queue<TaskCompletionSource> _gates = new();

    [Fact]
    public async Task What_comes_while_a_batch_is_under_way_makes_up_the_next_one()
    {
        var first = Gate();
        var batcher = Doubling(size: 10, parallel: 1);

        var one = batcher.AddAsync(1);
        await Eventually.TrueAsync(() => Count() == 1);
        var others = new[] { batcher.AddAsync(2), batcher.AddAsync(3), batcher.AddAsync(4) };
        first.SetResult();

        Assert.Equal(2, await one);
        var doubled = await Task.WhenAll(others);
        Assert.Equal([4, 6, 8], doubled);
        Assert.Equal(
            [
                [1],
                [2, 3, 4],
            ],
            _batches
        );
    }

    [Fact]
    public async Task A_batch_holds_no_more_than_its_size()
    {
        var first = Gate();
        var batcher = Doubling(size: 2, parallel: 1);

        var all = Enumerable.Range(1, 6).Select(item => batcher.AddAsync(item)).ToList();
        first.SetResult();

        var doubled = await Task.WhenAll(all);
        Assert.Equal([2, 4, 6, 8, 10, 12], doubled);
        Assert.All(_batches, batch => Assert.InRange(batch.Length, 1, 2));
        Assert.Equal(Enumerable.Range(1, 6), _batches.SelectMany(batch => batch));
    }

    [Fact]
    public async Task As_many_batches_are_under_way_at_once_as_may_be()
    {
        var (first, second) = (Gate(), Gate());
        var batcher = Doubling(size: 1, parallel: 2);

        var all = new[] { batcher.AddAsync(1), batcher.AddAsync(2), batcher.AddAsync(3) };
        await Eventually.TrueAsync(() => Count() == 2);
        second.SetResult();
        await Eventually.TrueAsync(() => Count() == 3);
        first.SetResult();

        var doubled = await Task.WhenAll(all);
        Assert.Equal([2, 4, 6], doubled);
    }

    [Fact]
    public async Task A_batch_that_fails_fails_each_of_its_items_and_no_later_one()
    {
        var first = Gate();
        var batcher = Doubling(size: 10, parallel: 1);

        var one = batcher.AddAsync(1);
        await Eventually.TrueAsync(() => Count() == 1);
        var poisoned = new[] { batcher.AddAsync(2), batcher.AddAsync(-1) };
        first.SetResult();

        Assert.Equal(2, await one);
        foreach (var item in poisoned)
            await Assert.ThrowsAsync<InvalidOperationException>(() => item);
        Assert.Equal(8, await batcher.AddAsync(4));
    }

    /// <summary>Doubles its items; a batch waits for its gate, if it has one, and fails where one of its items is negative.</summary>
    private Batcher<int, int> Doubling(int size, int parallel) =>
        new(
            size,
            parallel,
            async items =>
            {
                TaskCompletionSource? gate;
                lock (_batches)
                {
                    _batches.Add([.. items]);
                    _gates.TryDequeue(out gate);
                }
                if (gate is not null)
                    await gate.Task.WaitAsync(TestContext.Current.CancellationToken);
                if (items.Any(item => item < 0))
                    throw new InvalidOperationException("negative");
                return [.. items.Select(item => item * 2)];
            }
        );

    private int Count()
    {
        lock (_batches)
            return _batches.Count;
    }

    /// <summary>What the next batch waits for.</summary>
    private TaskCompletionSource Gate()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _gates.Enqueue(gate);
        return gate;
    }
}
