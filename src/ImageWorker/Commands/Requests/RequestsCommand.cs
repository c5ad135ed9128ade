using System.CommandLine;

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

    internal static Argument<Guid> IdArgument() =>
        new("id")
        {
            Description = "The request's id.",
            CustomParser = result =>
            {
                if (Guid.TryParse(result.Tokens[0].Value, out var id))
                    return id;
                result.AddError($"'{result.Tokens[0].Value}' is no request id: it must be a UUID.");
                return default;
            },
        };
}
