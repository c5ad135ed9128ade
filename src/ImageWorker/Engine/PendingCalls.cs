using System.Collections.Concurrent;
using System.Threading.Channels;
using ImageWorker.Hosting;
using ImageWorker.Requests;
using ImageWorker.Submission;
using Microsoft.Extensions.Options;

namespace ImageWorker.Engine;

/// <summary>
/// The calls to ZPK that this process makes next. A call that is asked for again meanwhile is made once. New commands
/// wait for room, so that a burst stays in the broker's queue, where other processes find it. This is memory only: if a
/// call is lost, its request's timer repeats it.
/// </summary>
public sealed class PendingCalls(Stopping stopping, IOptions<SubmissionOptions> options) : IDisposable
{
    private readonly Channel<IZpkCall> _submissions = Channel.CreateUnbounded<IZpkCall>();
    private readonly Channel<IZpkCall> _checks = Channel.CreateUnbounded<IZpkCall>();
    private readonly ConcurrentDictionary<string, bool> _pending = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _room = new(options.Value.Concurrency * 2);

    /// <summary>The submissions to make, <see cref="SubmitImages"/>.</summary>
    public ChannelReader<IZpkCall> Submissions => _submissions.Reader;

    /// <summary>The checks to make, <see cref="CheckImages"/>.</summary>
    public ChannelReader<IZpkCall> Checks => _checks.Reader;

    /// <summary>Adds a call that a timer or a callback asks for.</summary>
    public void Add(IZpkCall message) => Add(message, tookRoom: false);

    /// <summary>Adds a new command's call. Returns once there is room for it, or once nothing more begins.</summary>
    public async Task AddWhenThereIsRoomAsync(IZpkCall message)
    {
        try
        {
            await _room.WaitAsync(stopping.Token);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        if (!Add(message, tookRoom: true))
            _room.Release();
    }

    /// <summary>Notes that the call was made, or failed. It may be asked for again.</summary>
    public void Done(IZpkCall message)
    {
        if (_pending.TryRemove(KeyOf(message), out var tookRoom) && tookRoom)
            _room.Release();
    }

    /// <summary>Takes no more calls. Makes the ones it has, except those that only wait for their turn.</summary>
    public void Complete()
    {
        _submissions.Writer.TryComplete();
        _checks.Writer.TryComplete();
        stopping.Begin();
    }

    public void Dispose() => _room.Dispose();

    private bool Add(IZpkCall message, bool tookRoom)
    {
        var key = KeyOf(message);
        if (!_pending.TryAdd(key, tookRoom))
            return false;
        var writer = message is SubmitImages ? _submissions.Writer : _checks.Writer;
        return writer.TryWrite(message) || !_pending.TryRemove(key, out _);
    }

    private static string KeyOf(IZpkCall message) =>
        message is SubmitImages ? $"submit {message.SubmissionId}" : $"check {message.SubmissionId}";
}
