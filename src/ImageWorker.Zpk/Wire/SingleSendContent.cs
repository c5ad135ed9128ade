using System.Net;
using System.Net.Http.Headers;

namespace ImageWorker.Zpk.Wire;

/// <summary>
/// A JSON body that goes out at most once, and tells whether it began to. A second try by anything below (a
/// handler that repeats, follows a redirect or answers an authentication challenge) fails instead of paying twice.
/// So does a first one once its time is over: the process was frozen while it connected, and another may have taken over.
/// </summary>
internal sealed class SingleSendContent : HttpContent
{
    private readonly byte[] _body;
    private readonly Func<bool> _mayBegin;
    private int _sends;

    /// <summary>Of this JSON; <paramref name="mayBegin"/> is asked right before the first byte.</summary>
    public SingleSendContent(byte[] body, Func<bool> mayBegin)
    {
        (_body, _mayBegin) = (body, mayBegin);
        Headers.ContentType = new MediaTypeHeaderValue("application/json");
    }

    /// <summary>False is proof that not one byte of the body left this process.</summary>
    public bool Started => Volatile.Read(ref _sends) > 0;

    /// <summary>True if it was too late for the first byte.</summary>
    public bool IsLate { get; private set; }

    protected override bool TryComputeLength(out long length)
    {
        length = _body.Length;
        return true;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(
        Stream stream,
        TransportContext? context,
        CancellationToken cancellationToken
    )
    {
        if (!Started && !_mayBegin())
        {
            IsLate = true;
            throw new IOException("It is too late to send the body of this ZPK call.");
        }
        return Interlocked.Increment(ref _sends) == 1
            ? stream.WriteAsync(_body, cancellationToken).AsTask()
            : throw new InvalidOperationException("The body of a ZPK call may be sent only once.");
    }
}
