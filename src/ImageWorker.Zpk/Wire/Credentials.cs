namespace ImageWorker.Zpk.Wire;

/// <summary>The two secrets of every body. A class and not a record, so that printing it shows neither.</summary>
internal sealed class Credentials(string applicationId, string apiKey)
{
    public string ApplicationId { get; } = applicationId;

    public string ApiKey { get; } = apiKey;

    /// <summary>
    /// Reads the key from its file where one is set, at every call, so that a rotated key is used at once. Null
    /// where the file cannot be read or is empty, as it can be for a moment while it is being replaced.
    /// </summary>
    public static async Task<Credentials?> ReadAsync(ZpkOptions options, CancellationToken ct)
    {
        if (options.ApiKeyFile is not { Length: > 0 } file)
            return new(options.ApplicationId, options.ApiKey);
        try
        {
            var key = (await File.ReadAllTextAsync(file, ct)).Trim();
            return key.Length > 0 ? new(options.ApplicationId, key) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
