namespace ImageWorker.Requests;

/// <summary>Where a tenant's closing events are posted to, besides being published.</summary>
public sealed class TenantWebhook
{
    private const string Prefix = "whsec_";

    /// <summary>An <c>https</c> address. Default null, no webhook.</summary>
    public Uri? Url { get; set; }

    /// <summary>
    /// Signs what is posted: <c>whsec_</c> and 24 to 64 bytes in Base64. Two of them, with a space between, while one takes
    /// the other's place. Required with <see cref="Url"/>.
    /// </summary>
    public string? Secret { get; set; }

    /// <summary>The keys of the secrets; empty if one of them is none.</summary>
    public IReadOnlyList<byte[]> Keys()
    {
        var secrets = (Secret ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var keys = secrets.Select(KeyOf).OfType<byte[]>().ToList();
        return keys.Count == secrets.Length ? keys : [];
    }

    private static byte[]? KeyOf(string secret)
    {
        if (!secret.StartsWith(Prefix, StringComparison.Ordinal))
            return null;
        var key = new byte[secret.Length];
        return Convert.TryFromBase64String(secret[Prefix.Length..], key, out var length) && length is >= 24 and <= 64
            ? key[..length]
            : null;
    }
}
