namespace ImageWorker.IntegrationTests.Deploy;

/// <summary>The repository that these tests were built from.</summary>
internal static class Checkout
{
    private static readonly string Root = FindRoot();

    /// <summary>The full path of one of its files or folders.</summary>
    public static string At(params string[] path) => Path.Combine([Root, .. path]);

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "ImageWorker.sln")))
            folder = Path.GetDirectoryName(folder)!;
        return folder;
    }
}
