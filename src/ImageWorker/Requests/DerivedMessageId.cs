using System.Security.Cryptography;
using System.Text;

namespace ImageWorker.Requests;

/// <summary>
/// Message ids that stay the same when any process publishes a message again. So a subscriber can tell a repeat from a
/// second event.
/// </summary>
public static class DerivedMessageId
{
    public static Guid ForClosing(Guid requestId) => Derive("closed", requestId.ToString());

    public static Guid ForRefusal(Guid requestId, string command) => Derive("refused", requestId.ToString(), command);

    public static Guid ForImage(Guid requestId, int number) => Derive("image", requestId.ToString(), number.ToString());

    /// <summary>Derives the id of a saga for a command that names no request.</summary>
    public static Guid ForNameless(Guid messageId) => Derive("nameless", messageId.ToString());

    /// <summary>Derives an id from the content of a message that has none.</summary>
    public static Guid ForBody(ReadOnlySpan<byte> body) => new(SHA256.HashData(body).AsSpan(0, 16), bigEndian: true);

    private static Guid Derive(params string[] parts) => ForBody(Encoding.UTF8.GetBytes(string.Join('\n', parts)));
}
