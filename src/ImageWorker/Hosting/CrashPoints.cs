using System.Diagnostics;

namespace ImageWorker.Hosting;

/// <summary>The places where a test can make the process die as by <c>kill -9</c>.</summary>
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
/// <c>AfterCall:2</c> when it gets there the second time. Release builds never come here.
/// </summary>
public static class CrashPoints
{
    private static readonly string[] Wanted = (Environment.GetEnvironmentVariable("IMAGEWORKER_CRASH_AT") ?? "").Split(
        ':'
    );

    private static readonly int WantedTime = Wanted.Length > 1 ? int.Parse(Wanted[1]) : 1;

    private static int _times;

    [Conditional("CRASH_POINTS")]
    public static void Reach(CrashPoint point)
    {
        if (Wanted[0] == point.ToString() && Interlocked.Increment(ref _times) == WantedTime)
            Process.GetCurrentProcess().Kill();
    }
}
