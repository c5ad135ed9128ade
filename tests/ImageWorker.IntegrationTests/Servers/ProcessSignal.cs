using System.ComponentModel;
using System.Runtime.InteropServices;

namespace ImageWorker.IntegrationTests.Servers;

/// <summary>A POSIX signal; .NET itself can send SIGKILL only.</summary>
internal sealed record ProcessSignal(int Number)
{
    private const int NoSuchProcess = 3;

    public static ProcessSignal Interrupt { get; } = new(2);

    public static ProcessSignal Terminate { get; } = new(15);

    /// <summary>Freezes a process: it does nothing until it is continued.</summary>
    public static ProcessSignal Stop { get; } = new(19);

    public static ProcessSignal Continue { get; } = new(18);

    public void SendTo(int processId)
    {
        if (Kill(processId, Number) == 0)
        {
            return;
        }

        var error = Marshal.GetLastPInvokeError();
        if (error != NoSuchProcess)
        {
            throw new Win32Exception(error);
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int processId, int signal);
}
