using System.Reflection;

namespace ImageWorker.Hosting;

/// <summary>
/// The runtime opens a library's file when its first type is needed, and remembers a failure. A process without file
/// descriptors would then fail in what should survive that, such as telling a passing failure from a lasting one.
/// </summary>
public static class Libraries
{
    /// <summary>Loads every library that the program refers to, and those that they refer to.</summary>
    public static void Load()
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        var unread = new Stack<Assembly>([typeof(Libraries).Assembly]);
        while (unread.TryPop(out var library))
        {
            foreach (var name in library.GetReferencedAssemblies().Where(name => known.Add(name.FullName)))
            {
                try
                {
                    unread.Push(Assembly.Load(name));
                }
                catch (IOException)
                {
                    // It is not there, or in another version: some refer to what they use elsewhere only.
                }
            }
        }
    }
}
