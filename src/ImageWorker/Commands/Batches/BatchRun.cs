using ImageWorker.Contracts;

namespace ImageWorker.Commands.Batches;

/// <summary>Sends the rows that are left, and takes down how each of them ends.</summary>
internal sealed class BatchRun(
    ISendSession session,
    ResultFile results,
    BatchPictures? pictures,
    BatchTally tally,
    BatchView view
) : IDisposable
{
    /// <summary>Rows under way. Enough for any worker, and what a run that is stopped leaves behind is not all of them.</summary>
    private const int AtOnce = 500;

    /// <summary>Rows whose pictures are saved at once.</summary>
    private const int SavedAtOnce = 4;

    /// <summary>A request closes by its deadline and the closing grace. If none does for longer, no worker runs.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly Dictionary<Guid, BatchRow> _open = [];
    private readonly SemaphoreSlim _saving = new(SavedAtOnce);
    private readonly Lock _lock = new();

    /// <summary>The rows that are sent and not closed.</summary>
    public IReadOnlyCollection<BatchRow> Open => _open.Values;

    /// <summary>Takes the rows that an earlier run closed as they are, but for pictures that it did not save.</summary>
    public async Task TakeAsync(IEnumerable<BatchResult> earlier, CancellationToken ct)
    {
        var saving = earlier.Select(result => FinishAsync(result, isEarlier: true, ct)).ToList();
        await Task.WhenAll(saving);
    }

    /// <summary>Returns once all rows are closed.</summary>
    /// <exception cref="TimeoutException">No row closed for longer than one can take.</exception>
    public async Task RunAsync(IReadOnlyList<BatchRow> rows, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var finishing = new List<Task>();
        await using var events = session.EventsAsync(patience.Token).GetAsyncEnumerator(patience.Token);
        var next = 0;
        try
        {
            while (true)
            {
                while (next < rows.Count && _open.Count < AtOnce)
                {
                    // Before it is sent: it may arrive though this does not return, and then has this budget.
                    var sent = rows[next++];
                    _open.Add(sent.Command.RequestId, sent);
                    results.Add(BatchResult.Unfinished(sent, RowState.Open));
                    await session.SendAsync(sent.Command, ct);
                }
                if (_open.Count == 0)
                    break;
                patience.CancelAfter(
                    Patience + TimeSpan.FromSeconds(_open.Values.Max(row => row.Command.TimeoutSeconds))
                );
                await events.MoveNextAsync();
                if (IdOf(events.Current) is { } id && _open.Remove(id, out var row))
                    finishing.Add(FinishAsync(BatchResult.Of(row, events.Current), isEarlier: false, ct));
            }
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new TimeoutException();
        }
        finally
        {
            await Task.WhenAll(finishing);
        }
    }

    public void Dispose() => _saving.Dispose();

    private static Guid? IdOf(object told) =>
        told switch
        {
            ImagesReady ready => ready.RequestId,
            ImagesFailed failed => failed.RequestId,
            _ => null,
        };

    private async Task FinishAsync(BatchResult result, bool isEarlier, CancellationToken ct)
    {
        lock (_lock)
            tally.Add(result, isEarlier);
        var finished = result;
        if (pictures is not null)
        {
            await _saving.WaitAsync(ct);
            try
            {
                finished = await pictures.SaveAsync(result, Lost, ct);
            }
            finally
            {
                _saving.Release();
            }
        }
        lock (_lock)
        {
            if (!isEarlier || !finished.Files.SequenceEqual(result.Files, StringComparer.Ordinal))
                results.Add(finished);
            if (!isEarlier)
                view.Closed(finished);
        }
    }

    private void Lost(string line)
    {
        lock (_lock)
            tally.LostPictures++;
        view.Say(line);
    }
}
