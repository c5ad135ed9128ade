using System.Collections.Concurrent;

namespace ImageWorker.ZpkSimulator.Prompts;

/// <summary>The scripts of all prompts that have markers; ordinary prompts cost nothing here.</summary>
internal sealed class PromptBook
{
    private readonly ConcurrentDictionary<string, PromptScript> _scripts = new(StringComparer.Ordinal);

    /// <summary>Null for a prompt without brackets.</summary>
    /// <exception cref="FormatException">A known marker's arguments mean nothing.</exception>
    public PromptScript? Find(string prompt) =>
        prompt.Contains('[', StringComparison.Ordinal)
            ? _scripts.GetOrAdd(prompt, static text => new PromptScript(PromptMarkers.Parse(text)))
            : null;

    public void Clear() => _scripts.Clear();
}
