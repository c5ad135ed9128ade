using System.Diagnostics;

namespace ImageWorker.IntegrationTests.Servers;

/// <summary>A temporary folder and the processes started for it. All end, and the folder goes, when the leash is disposed
/// or the test process ends in whatever way, SIGKILL included.</summary>
/// <remarks>
/// A small shell of its own session holds the other end of a pipe: the kernel closes that pipe even where no code of ours
/// gets to run. It then ends by process id whatever carries this leash's mark in its environment, which also finds what
/// the servers started themselves and detached (Erlang's epmd).
/// </remarks>
public sealed class Leash : IAsyncDisposable
{
    private const string MarkName = "IMAGEWORKER_TEST_LEASH";

    // SIGQUIT comes first because a PostgreSQL that dies by SIGKILL leaves its System V shared memory segment behind.
    private const string Keeper = """
        exec >/dev/null 2>&1
        trap '' HUP INT TERM
        cat
        leashed() { grep -lszFx -e "$mark" /proc/[0-9]*/environ | cut -d/ -f3; }
        mark=$1 rounds=0
        kill -s QUIT $(leashed)
        while [ -n "$(leashed)" ] && [ $rounds -lt 200 ]; do
          [ $rounds -lt 20 ] || kill -s KILL $(leashed)
          rounds=$((rounds + 1))
          sleep 0.05
        done
        rm -rf -- "$2"
        """;

    private readonly Process _keeper;

    public Leash()
    {
        // Not TMPDIR for root: it may be a folder that the servers' own users cannot traverse.
        var parent = Environment.IsPrivilegedProcess ? "/tmp" : Path.GetTempPath();
        Folder = Path.Combine(parent, $"imageworker-{Guid.NewGuid():n}");
        Directory.CreateDirectory(Folder);
        File.SetUnixFileMode(Folder, UnprivilegedUser.Traversable);
        _keeper = Process.Start(
            new ProcessStartInfo("setsid", ["sh", "-c", Keeper, "keeper", $"{MarkName}={Folder}", Folder])
            {
                RedirectStandardInput = true,
                UseShellExecute = false,
                WorkingDirectory = "/",
            }
        )!;
    }

    public string Folder { get; }

    public async ValueTask DisposeAsync()
    {
        if (!_keeper.HasExited)
        {
            _keeper.StandardInput.Close();
            await _keeper.WaitForExitAsync();
        }

        _keeper.Dispose();
    }

    internal void Mark(ProcessStartInfo startInfo) => startInfo.Environment[MarkName] = Folder;
}
