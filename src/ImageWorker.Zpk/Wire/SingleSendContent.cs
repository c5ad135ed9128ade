using System.Net;
using System.Net.Http.Headers;

namespace ImageWorker.Zpk.Wire;

/// <summary>
/// A JSON body that goes out at most once, and tells whether it began to. A second try by anything below (a
/// handler that repeats, follows a redirect or answers an authentication challenge) fails instead of paying twice.
/// </summary>
internal sealed class SingleSendContent : HttpContent
{
    private readonly byte[] _body;
    private int _sends;

    public SingleSendContent(byte[] body)
    {
        _body = body;
        Headers.ContentType = new MediaTypeHeaderValue("application/json");
    }

    /// <summary>False is proof that not one byte of the body left this process.</summary>
    public bool Started => Volatile.Read(ref _sends) > 0;

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
    ) =>
        Interlocked.Increment(ref _sends) == 1
            ? stream.WriteAsync(_body, cancellationToken).AsTask()
            : throw new InvalidOperationException("The body of a ZPK call may be sent only once.");
}
