namespace ImageWorker.Tests.Zpk;

/// <summary>A temporary file for an API key.</summary>
internal sealed class KeyFile : IDisposable
{
    public KeyFile(string key) => Write(key);

    public string Path { get; } = System.IO.Path.GetTempFileName();

    public void Write(string key) => File.WriteAllText(Path, key);

    public void Dispose() => File.Delete(Path);
}
