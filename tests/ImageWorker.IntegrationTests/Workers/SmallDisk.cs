using System.Diagnostics;
using ImageWorker.IntegrationTests.Servers;

namespace ImageWorker.IntegrationTests.Workers;

/// <summary>A folder on a disk of its own with little room, which can be filled to the last byte. Needs root.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private readonly EmptyFolder _folder = new();

    private SmallDisk() { }

    public string FullName => _folder.FullName;

    private string Filler => _folder.At("filler");

    /// <summary>Skips the test where disks cannot be mounted.</summary>
    public static async Task<SmallDisk> MountAsync(int megabytes = 4)
    {
        var disk = new SmallDisk();
        if (await RunAsync("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "none", disk.FullName) != 0)
        {
            disk._folder.Dispose();
            Assert.Skip("Only root can mount a small disk.");
        }

        return disk;
    }

    public void Fill()
    {
        using var filler = new FileStream(Filler, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        var block = new byte[4096];
        try
        {
            while (true)
            {
                filler.Write(block);
            }
        }
        catch (IOException)
        {
            // It is full.
        }
    }

    public void Free() => File.Delete(Filler);

    public async ValueTask DisposeAsync()
    {
        await RunAsync("umount", "--lazy", FullName);
        _folder.Dispose();
    }

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        await using var process = ChildProcess.Start(new ProcessStartInfo(program, arguments));
        return await process.WaitForExitAsync();
    }
}
