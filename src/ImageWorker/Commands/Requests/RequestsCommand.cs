using System.CommandLine;
using System.CommandLine.Parsing;
using ImageWorker.Operations;

namespace ImageWorker.Commands.Requests;

/// <summary><c>ImageWorker requests …</c>: what operators ask of single requests.</summary>
public static class RequestsCommand
{
    public static Command Create() =>
        new("requests", "Look at requests, hurry them up, cancel them. Works on the worker's own database.")
        {
            ListCommand.Create(),
            ShowCommand.Create(),
            RetryCommand.Create(),
            CancelCommand.Create(),
        };

    internal static Option<bool> JsonOption() => new("--json") { Description = "Print JSON, for scripts." };

    internal static Argument<RequestIdText> IdArgument() =>
        new("id")
        {
            Description = $"The request's id, or its first {RequestIdText.Least} or more letters and digits.",
            CustomParser = result => IdOf(result) ?? default,
        };

    internal static RequestIdText? IdOf(ArgumentResult result)
    {
        if (RequestIdText.TryParse(result.Tokens[0].Value) is { } id)
            return id;
        result.AddError(
            $"'{result.Tokens[0].Value}' is no request id: it must be a UUID, or its first {RequestIdText.Least} or more letters and digits."
        );
        return null;
    }
}
