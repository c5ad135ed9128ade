namespace ImageWorker.Hosting;

/// <summary>
/// Settings in files, because container platforms and systemd hand over secrets this way. Each file of the folder
/// <c>SecretsFolder</c> is one setting: its name is the key (<c>ConnectionStrings__Postgres</c>), its content the
/// value. Default: no folder. A file wins over the same key elsewhere. Read once, at the start.
/// </summary>
public static class SecretFiles
{
    public const string Key = "SecretsFolder";

    /// <summary>Adds the folder, if one is named.</summary>
    /// <exception cref="ConfigurationException">The folder is named and cannot be read.</exception>
    public static void AddSecretFiles(this ConfigurationManager configuration)
    {
        if (configuration[Key] is not { Length: > 0 } folder)
            return;
        try
        {
            configuration.AddKeyPerFile(Path.GetFullPath(folder), optional: false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException(
                $"{Key} is '{folder}', which is no folder whose files can all be read. Name the one that holds the secrets."
            );
        }
    }
}
