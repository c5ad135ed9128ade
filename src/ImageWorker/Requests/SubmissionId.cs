using System.Buffers.Binary;
using System.Security.Cryptography;

namespace ImageWorker.Requests;

/// <summary>
/// The <c>unique_request_id</c> of a submission. It is derived, so that every process and every repeat gets the same
/// one. It has sixteen lower-case letters and digits (80 bits of SHA-256): ZPK takes up to 16 characters, and
/// check-status wants them alphanumeric.
/// </summary>
public static class SubmissionId
{
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567";

    /// <summary>The id for one submission; the same arguments always give the same id.</summary>
    /// <param name="requestId">The request.</param>
    /// <param name="firstImage">The lowest image number that the submission is for.</param>
    /// <param name="attempt">1 for the first submission of the image, 2 for its first resend.</param>
    public static string Derive(Guid requestId, int firstImage, int attempt)
    {
        Span<byte> key = stackalloc byte[24];
        requestId.TryWriteBytes(key, bigEndian: true, out _);
        BinaryPrimitives.WriteInt32BigEndian(key[16..], firstImage);
        BinaryPrimitives.WriteInt32BigEndian(key[20..], attempt);

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(key, hash);

        return string.Create(
            16,
            BinaryPrimitives.ReadUInt128BigEndian(hash),
            static (id, bits) =>
            {
                for (var i = 0; i < id.Length; i++)
                    id[i] = Alphabet[(int)((bits >> (123 - 5 * i)) & 31)];
            }
        );
    }
}
