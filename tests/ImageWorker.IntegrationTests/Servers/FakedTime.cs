using System.Globalization;

namespace ImageWorker.IntegrationTests.Servers;

/// <summary>A system clock of a process's own, by Debian's libfaketime. Its monotonic counter stays true.</summary>
internal static class FakedTime
{
    private static readonly string? Library = Directory.Exists("/usr/lib")
        ? Directory
            .EnumerateDirectories("/usr/lib", "*-linux-gnu")
            .Select(folder => Path.Combine(folder, "faketime", "libfaketimeMT.so.1"))
            .FirstOrDefault(File.Exists)
        : null;

    /// <summary>Whether clocks can be faked here.</summary>
    public static bool IsThere => Library is not null;

    /// <summary>The environment of a process whose clock is so far ahead.</summary>
    public static IReadOnlyDictionary<string, string> Ahead(TimeSpan by) => Environment("FAKETIME", Text(by));

    /// <summary>The environment of a process whose clock stands as the file says, which may change.</summary>
    public static IReadOnlyDictionary<string, string> From(string file) => Environment("FAKETIME_TIMESTAMP_FILE", file);

    /// <summary>Sets the clocks that go by the file.</summary>
    public static void Set(string file, TimeSpan ahead)
    {
        // At once: who reads it meanwhile finds the old or the new.
        File.WriteAllText($"{file}.new", $"{Text(ahead)}\n");
        File.SetUnixFileMode($"{file}.new", UnprivilegedUser.Traversable);
        File.Move($"{file}.new", file, overwrite: true);
    }

    private static string Text(TimeSpan ahead) =>
        string.Create(CultureInfo.InvariantCulture, $"{ahead.TotalSeconds:+0;-0;+0}");

    private static Dictionary<string, string> Environment(string name, string value)
    {
        Assert.SkipUnless(IsThere, "There is no libfaketime. It is in Debian's package faketime.");
        return new(StringComparer.Ordinal)
        {
            ["LD_PRELOAD"] = Library!,
            ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
            ["FAKETIME_NO_CACHE"] = "1",
            [name] = value,
        };
    }
}
