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

    /// <summary>The id under which a failed request is asked for again: the same however often that is said.</summary>
    public static Guid ForRetry(Guid requestId) => Derive("retry", requestId.ToString());

    public static Guid ForImage(Guid requestId, int number) => Derive("image", requestId.ToString(), number.ToString());

    /// <summary>Derives the request id of a row of a file: the same in every run, as long as the row stays the same.</summary>
    /// <param name="batch">Tells runs apart that are to be paid each.</param>
    /// <param name="fingerprint">Of the row's command without an id.</param>
    /// <param name="occurrence">Tells rows apart that are all the same, from 0.</param>
    public static Guid ForRow(string batch, string fingerprint, int occurrence) =>
        Derive("row", batch, fingerprint, occurrence.ToString());

    /// <summary>Derives the id of a saga for a command that names no request.</summary>
    public static Guid ForNameless(Guid messageId) => Derive("nameless", messageId.ToString());

    /// <summary>Derives an id from the content of a message that has none.</summary>
    public static Guid ForBody(ReadOnlySpan<byte> body) => new(SHA256.HashData(body).AsSpan(0, 16), bigEndian: true);

    private static Guid Derive(params string[] parts) => ForBody(Encoding.UTF8.GetBytes(string.Join('\n', parts)));
}
