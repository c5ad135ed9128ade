using System.Data.Common;
using System.Text.Json;
using ImageWorker.Hosting;
using ImageWorker.Storage;
using ImageWorker.Zpk;
using Microsoft.Extensions.Options;

namespace ImageWorker.Commands;

/// <summary>What a user is told of an exception that ended a command: lines without a stack trace, and the exit code.</summary>
internal sealed record CommandFailure(int ExitCode, params IReadOnlyList<string> Lines)
{
    public static CommandFailure Of(Exception exception) =>
        exception switch
        {
            ConfigurationException mistake => Misuse(mistake.Message),
            OptionsValidationException mistakes => new(
                CommandLine.Misused,
                [.. mistakes.Failures.Distinct(StringComparer.Ordinal)]
            ),
            // A value of the wrong type. The message names the key.
            InvalidOperationException { Source: "Microsoft.Extensions.Configuration.Binder" } mistake => Misuse(
                mistake.Message
            ),
            // A settings file that cannot be read. The messages name it, and the place.
            InvalidDataException { InnerException: FormatException or JsonException } mistake => Misuse(
                $"{mistake.Message} {mistake.GetBaseException().Message}"
            ),
            OperationCanceledException => Failed("interrupted"),
            BrokerException problem => Failed(problem.Message),
            _ when IsOfDatabase(exception) => Failed(DatabaseProblem.Of(exception).Text),
            IOException or UnauthorizedAccessException => Failed(exception.Message),
            _ => Failed(
                $"this should not happen: {exception.GetType().Name}: {exception.Message} ({PlaceOf(exception)})"
            ),
        };

    /// <summary>Writes it to standard error, each part on one line of its own.</summary>
    public int Tell()
    {
        try
        {
            foreach (var line in Lines)
                Console.Error.WriteLine($"ImageWorker: {OnOneLine(line)}");
        }
        catch (IOException)
        {
            // Nobody reads it. The exit code says it all the same.
        }
        return ExitCode;
    }

    private static CommandFailure Misuse(string line) => new(CommandLine.Misused, [line]);

    private static CommandFailure Failed(string line) => new(CommandLine.Failed, [line]);

    private static bool IsOfDatabase(Exception? exception) =>
        exception is not null && (exception is DbException || IsOfDatabase(exception.InnerException));

    private static string OnOneLine(string text) =>
        ShownText.Of(string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));

    /// <summary>Where it came from, for a report.</summary>
    private static string PlaceOf(Exception exception) =>
        exception.TargetSite is { } method
            ? $"in {method.DeclaringType?.FullName}.{method.Name}"
            : "at an unknown place";
}
