using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ImageWorker.Hosting;

/// <summary>The places where a test can make the process die as by <c>kill -9</c>, or freeze as by <c>kill -STOP</c>.</summary>
public enum CrashPoint
{
    BeforeCall,
    AfterCall,
    BeforeCommit,
    AfterCommit,
    AfterDelivery,
}

/// <summary>
/// Debug builds only: <c>IMAGEWORKER_CRASH_AT=AfterCall</c> kills the process when it first gets there,
/// <c>AfterCall:2</c> when it gets there the second time. <c>IMAGEWORKER_FREEZE_AT</c> freezes it, until somebody continues it.
/// Release builds never come here.
/// </summary>
public static class CrashPoints
{
    private const int Stop = 19;

    private static readonly Place Crash = Place.Read("IMAGEWORKER_CRASH_AT");
    private static readonly Place Freeze = Place.Read("IMAGEWORKER_FREEZE_AT");

    [Conditional("CRASH_POINTS")]
    public static void Reach(CrashPoint point)
    {
        if (Crash.IsReached(point))
            Process.GetCurrentProcess().Kill();
        // To this thread: as a signal to the process it would go on for a moment.
        if (Freeze.IsReached(point) && Raise(Stop) != 0)
            throw new InvalidOperationException("The process did not freeze.");
    }

    [DllImport("libc", EntryPoint = "raise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Raise(int signal);

    private sealed class Place(string? point, int time)
    {
        private int _times;

        public static Place Read(string variable) =>
            (Environment.GetEnvironmentVariable(variable) ?? "").Split(':') switch
            {
                [var point, var time] => new(point, int.Parse(time)),
                var words => new(words[0], 1),
            };

        public bool IsReached(CrashPoint at) => point == at.ToString() && Interlocked.Increment(ref _times) == time;
    }
}
