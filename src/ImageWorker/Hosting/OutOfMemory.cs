namespace ImageWorker.Hosting;

/// <summary>
/// A process that ran out of memory can have lost any part of itself, such as its consumers, and seem well. Its supervisor
/// starts a sound one.
/// </summary>
public static class OutOfMemory
{
    /// <summary>Ends the process, without running anything more of it, as soon as memory runs out anywhere in it.</summary>
    public static void EndsTheProcess() =>
        AppDomain.CurrentDomain.FirstChanceException += (_, thrown) =>
        {
            if (thrown.Exception is OutOfMemoryException)
                Environment.FailFast("ImageWorker: out of memory. See docs/operations.md.");
        };
}
