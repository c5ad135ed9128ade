using System.Collections.Concurrent;
using System.Threading.Channels;
using ImageWorker.Hosting;
using ImageWorker.Requests;
using ImageWorker.Submission;
using Microsoft.Extensions.Options;

namespace ImageWorker.Engine;

/// <summary>
/// The calls to ZPK that this process is to make next, each once however often it is asked for meanwhile. New commands
/// wait for room, so that a burst of them stays in the broker's queue where other processes find it. This is memory
/// only: every call in it is found again by its request's timer.
/// </summary>
public sealed class PendingCalls(Stopping stopping, IOptions<SubmissionOptions> options) : IDisposable
{
    private readonly Channel<IZpkCall> _submissions = Channel.CreateUnbounded<IZpkCall>();
    private readonly Channel<IZpkCall> _checks = Channel.CreateUnbounded<IZpkCall>();
    private readonly ConcurrentDictionary<string, bool> _pending = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _room = new(options.Value.Concurrency * 2);

    /// <summary>Messages to submit, <see cref="SubmitImages"/>.</summary>
    public ChannelReader<IZpkCall> Submissions => _submissions.Reader;

    /// <summary>Messages to check, <see cref="CheckImages"/>.</summary>
    public ChannelReader<IZpkCall> Checks => _checks.Reader;

    /// <summary>Adds what a timer or a callback asks for.</summary>
    public void Add(IZpkCall message) => Add(message, tookRoom: false);

    /// <summary>Adds what a new command asks for; returns once there is room for it, or nothing more is to be begun.</summary>
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

    /// <summary>Says that the call was made, or failed: it may be asked for again.</summary>
    public void Done(IZpkCall message)
    {
        if (_pending.TryRemove(KeyOf(message), out var tookRoom) && tookRoom)
            _room.Release();
    }

    /// <summary>Nothing more is taken. What is in it is still made, but for what only waits for its turn.</summary>
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
