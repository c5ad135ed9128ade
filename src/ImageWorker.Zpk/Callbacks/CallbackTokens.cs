using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using ImageWorker.Zpk.Wire;
using Microsoft.Extensions.Options;

namespace ImageWorker.Zpk.Callbacks;

/// <summary>
/// Makes and verifies the part of a callback address that nobody can guess: a subject and its HMAC, under a key derived
/// from the API key. ZPK does not say whether it signs callbacks, so the address itself must prove where it came from.
/// All processes with the same API key understand each other's tokens; changing the key voids the old ones, and with
/// them no more than hints.
/// </summary>
public sealed class CallbackTokens(IOptions<ZpkOptions> options)
{
    private const int MacLength = 16;

    /// <summary>A token for a subject, in letters, digits, <c>-</c>, <c>_</c> and one <c>.</c>; null without an API key.</summary>
    /// <param name="subject">What a callback will be about, for instance a <c>unique_request_id</c>; not secret.</param>
    /// <param name="ct">Cancels reading the key.</param>
    public async Task<string?> IssueAsync(string subject, CancellationToken ct = default) =>
        await MacAsync(subject, ct) is { } mac
            ? $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(subject))}.{Base64Url.EncodeToString(mac)}"
            : null;

    /// <summary>The subject of a token that was issued under this API key; null for anything else. Never throws on a bad token.</summary>
    /// <param name="token">Whatever came.</param>
    /// <param name="ct">Cancels reading the key.</param>
    public async Task<string?> VerifyAsync(string token, CancellationToken ct = default)
    {
        var encodedSubject = token.Split('.', 2)[0];
        if (!Base64Url.IsValid(encodedSubject))
            return null;

        // Compared as a whole with the one that would be issued: decoding takes padding, white space and bytes that
        // are no text, so that one token would have many spellings.
        var subject = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(encodedSubject));
        return await IssueAsync(subject, ct) is { } issued && AreEqual(token, issued) ? subject : null;
    }

    private static bool AreEqual(string one, string other) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(one), Encoding.UTF8.GetBytes(other));

    private async Task<byte[]?> MacAsync(string subject, CancellationToken ct)
    {
        if (await Credentials.ReadAsync(options.Value, ct) is not { } credentials)
            return null;

        var key = HKDF.DeriveKey(
            HashAlgorithmName.SHA256,
            Encoding.UTF8.GetBytes(credentials.ApiKey),
            HMACSHA256.HashSizeInBytes,
            info: "zpk callbacks"u8.ToArray()
        );
        return HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(subject))[..MacLength];
    }
}
