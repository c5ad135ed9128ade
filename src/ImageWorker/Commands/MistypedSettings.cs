using ImageWorker.Hosting;

namespace ImageWorker.Commands;

/// <summary>
/// Settings that have no effect and look like one that would have. The environment holds many other things, so what looks
/// like nothing of ours is passed over.
/// </summary>
internal static class MistypedSettings
{
    private static readonly string[] ConnectionNames = ["RabbitMq", "Postgres"];

    /// <summary>Stops at the first of them.</summary>
    /// <exception cref="ConfigurationException">There is one; the message names it, and what is likely meant.</exception>
    public static void Check(
        IConfiguration configuration,
        IReadOnlyCollection<CheckedSection> features,
        IEnumerable<string> host
    )
    {
        var sections = features.Select(feature => feature.Name).Concat(host).ToList();
        foreach (var top in configuration.GetChildren())
        {
            var likely = top.GetChildren().Any()
                ? Slips.Nearest(top.Key, sections) is { } section
                    ? $"{section}__{top.GetChildren().First().Key}"
                    : null
                : LikelyKey(top.Key, features);
            if (likely is not null)
                throw Mistake(top.Key, likely);
        }
        foreach (var connection in configuration.GetSection("ConnectionStrings").GetChildren())
        {
            if (
                Connection(connection.Key) is { } name
                && configuration.GetConnectionString(name) is not { Length: > 0 }
            )
                throw Mistake($"ConnectionStrings__{connection.Key}", $"ConnectionStrings__{name}");
        }
    }

    private static ConfigurationException Mistake(string key, string likely) =>
        new($"{key} has no effect. {likely} is likely meant. See docs/configuration.md.");

    /// <summary>For a key without a section: one whose section is not set off by two underscores, or the folder.</summary>
    private static string? LikelyKey(string key, IEnumerable<CheckedSection> features)
    {
        if (Slips.Nearest(key, [SecretFiles.Key]) is { } folder)
            return folder;
        // Capitals alone are other programs' way to write names, and that of the compose file's own settings.
        if (key.Split('_', 2) is not [var section, { Length: > 0 } rest] || section.All(char.IsAsciiLetterUpper))
            return null;
        if (section.Equals("ConnectionStrings", StringComparison.OrdinalIgnoreCase))
        {
            var name = ConnectionNames.FirstOrDefault(known => known.Equals(rest, StringComparison.OrdinalIgnoreCase));
            return (name ?? Connection(rest)) is { } meant ? $"ConnectionStrings__{meant}" : null;
        }
        var feature = features.FirstOrDefault(f => f.Name.Equals(section, StringComparison.OrdinalIgnoreCase));
        var property = feature
            ?.Options.GetProperties()
            .FirstOrDefault(p => p.Name.Equals(rest, StringComparison.OrdinalIgnoreCase));
        return property is null ? null : $"{feature!.Name}__{property.Name}";
    }

    private static string? Connection(string key) =>
        Array.Find(
            ConnectionNames,
            name =>
                !key.Equals(name, StringComparison.OrdinalIgnoreCase)
                && (
                    key.StartsWith(name, StringComparison.OrdinalIgnoreCase)
                    || name.StartsWith(key, StringComparison.OrdinalIgnoreCase)
                    || Slips.Nearest(key, [name]) is not null
                )
        );
}
