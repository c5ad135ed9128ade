using System.CommandLine;
using ImageWorker.Hosting;

namespace ImageWorker.Commands;

/// <summary>Something on the command line that no command takes.</summary>
internal static class UnknownToken
{
    /// <summary>One line that names it, and what is likely meant.</summary>
    /// <param name="parsed">What was read of the line.</param>
    /// <param name="token">The token.</param>
    /// <param name="what">What it is not.</param>
    /// <param name="sections">The sections of settings, where the command takes any.</param>
    public static ConfigurationException Mistake(
        ParseResult parsed,
        string token,
        string what,
        IReadOnlyCollection<string>? sections = null
    ) => new($"'{token}' is no {what}.{Suggestion(parsed.CommandResult.Command, token, sections ?? [])} See --help.");

    private static string Suggestion(Command command, string token, IReadOnlyCollection<string> sections)
    {
        var name = token.Split('=', ':')[0];
        var meant =
            name.Length < token.Length && name.StartsWith("--", StringComparison.Ordinal)
                ? Slips.Nearest(name[2..], sections) is { } section
                    ? $"--{section}{token[name.Length..].Split('=')[0]}"
                    : null
                : null;
        meant ??= Slips.Nearest(
            name,
            [
                .. command.Subcommands.Select(inner => inner.Name),
                .. command.Options.Select(option => option.Name).Append("--help"),
            ]
        );
        return meant is null ? "" : $" {meant} is likely meant.";
    }
}
