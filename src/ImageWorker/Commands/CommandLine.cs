using System.CommandLine;
using ImageWorker.Commands.Requests;

namespace ImageWorker.Commands;

/// <summary>The executable's commands. Exit codes: 0 done, 1 the request failed, 2 usage or configuration.</summary>
public static class CommandLine
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Misused = 2;

    /// <summary>Runs one command. Whatever goes wrong, its user gets lines to read and one of the three exit codes.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            var parsed = Root().Parse(args);
            // A command that takes settings checks its own tokens.
            var command = parsed.CommandResult.Command;
            if (command.TreatUnmatchedTokensAsErrors && parsed.UnmatchedTokens is [var unknown, ..])
                throw UnknownToken.Mistake(parsed, unknown, $"command, option or argument of '{command.Name}'");
            if (parsed.Errors.Count > 0)
                return new CommandFailure(Misused, [.. parsed.Errors.Select(ArgumentMistake.Of)]).Tell();

            return await parsed.InvokeAsync(
                new()
                {
                    EnableDefaultExceptionHandler = false,
                    // By default the process ends 2 s after SIGTERM, even during a paid call. The host has its own
                    // limit.
                    ProcessTerminationTimeout = Timeout.InfiniteTimeSpan,
                }
            );
        }
        catch (Exception exception)
        {
            return CommandFailure.Of(exception).Tell();
        }
    }

    /// <summary>All commands.</summary>
    public static RootCommand Root()
    {
        var root = new RootCommand("ImageWorker turns messages into paid ZPK images: durable, and never paid twice.")
        {
            RunCommand.Create(),
            TryCommand.Create(),
            SendCommand.Create(),
            RequestsCommand.Create(),
            CostsCommand.Create(),
            PaceCommand.Create(),
            RecoverCommand.Create(),
            MigrateCommand.Create(),
            HealthcheckCommand.Create(),
            ContractsCommand.Create(),
            ErrorQueueCommands.Create(),
        };
        root.TreatUnmatchedTokensAsErrors = false;
        root.SetAction(RunCommand.RunAsync);
        HelpExample.AddTo(root);
        ArgumentMistake.RefuseCommas(root);
        return root;
    }
}
