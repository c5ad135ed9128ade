namespace ImageWorker.IntegrationTests.Workers;

/// <summary>An empty temporary folder, gone in the end.</summary>
public sealed class EmptyFolder : IDisposable
{
    public string FullName { get; } = Directory.CreateTempSubdirectory("imageworker-test-").FullName;

    /// <summary>The files in it and below, by their names.</summary>
    public IReadOnlyList<string> FileNames =>
        [
            .. Directory
                .EnumerateFiles(FullName, "*", SearchOption.AllDirectories)
                .Select(file => Path.GetFileName(file))
                .Order(StringComparer.Ordinal),
        ];

    public string At(string file) => Path.Combine(FullName, file);

    public void Dispose() => Directory.Delete(FullName, recursive: true);
}
