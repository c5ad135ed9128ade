using System.Diagnostics;

namespace ImageWorker.IntegrationTests.Servers;

/// <summary>The user a server runs as: its package's own when the tests run as root, which PostgreSQL refuses to run as;
/// otherwise the user of the tests.</summary>
internal sealed class UnprivilegedUser(string name)
{
    /// <summary>rwxr-xr-x, whatever the umask: others look inside, only the owner writes.</summary>
    public const UnixFileMode Traversable =
        UnixFileMode.UserRead
        | UnixFileMode.UserWrite
        | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead
        | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead
        | UnixFileMode.OtherExecute;

    /// <summary>Starts a command as this user, in a session of its own so that Ctrl+C in the terminal reaches only the
    /// tests. Neither setsid nor setpriv forks here, unlike runuser: the process id is the server's own.</summary>
    public ChildProcess Start(
        Leash leash,
        string folder,
        string[] command,
        IEnumerable<KeyValuePair<string, string>>? environment = null
    )
    {
        string[] drop = Environment.IsPrivilegedProcess
            ? ["setpriv", $"--reuid={name}", $"--regid={name}", "--init-groups", "--"]
            : [];
        var startInfo = new ProcessStartInfo("setsid", [.. drop, .. command]) { WorkingDirectory = folder };
        startInfo.Environment["HOME"] = folder;
        foreach (var (key, value) in environment ?? [])
        {
            startInfo.Environment[key] = value;
        }

        return ChildProcess.Start(startInfo, leash);
    }

    /// <summary>Makes a folder that this user owns.</summary>
    public async Task CreateFolderAsync(Leash leash, string path)
    {
        string[] owner = Environment.IsPrivilegedProcess ? ["-o", name, "-g", name] : [];
        await using var install = ChildProcess.Start(
            new ProcessStartInfo("install", ["-d", "-m", "0755", .. owner, path]),
            leash
        );
        if (await install.WaitForExitAsync() != 0)
        {
            throw new InvalidOperationException($"{install} failed:\n{install.Tail}");
        }
    }
}
