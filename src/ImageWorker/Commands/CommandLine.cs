using System.CommandLine;
using System.Data.Common;
using ImageWorker.Commands.Requests;
using ImageWorker.Hosting;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace ImageWorker.Commands;

/// <summary>The executable's commands. Exit codes: 0 done, 1 the request failed, 2 usage or configuration.</summary>
public static class CommandLine
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Misused = 2;

    public static async Task<int> RunAsync(string[] args)
    {
        var parsed = Root().Parse(args);
        // A command that takes settings checks its own tokens.
        var command = parsed.CommandResult.Command;
        if (command.TreatUnmatchedTokensAsErrors && parsed.UnmatchedTokens is [var unknown, ..])
            return Misuse([$"'{unknown}' is no command, option or argument of '{command.Name}'. See --help."]);
        if (parsed.Errors.Count > 0)
            return Misuse(parsed.Errors.Select(error => error.Message));

        try
        {
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
        catch (ConfigurationException mistake)
        {
            return Misuse([mistake.Message]);
        }
        catch (OptionsValidationException mistakes)
        {
            return Misuse(mistakes.Failures);
        }
        catch (InvalidOperationException mistake) when (mistake.Source == "Microsoft.Extensions.Configuration.Binder")
        {
            // A value of the wrong type; the message names the key.
            return Misuse([mistake.Message]);
        }
        catch (InvalidDataException mistake) when (mistake.InnerException is FormatException)
        {
            // A settings file that cannot be read; the messages name it, and the place.
            return Misuse([$"{mistake.Message} {mistake.GetBaseException().Message}"]);
        }
        catch (FormatException mistake) when (mistake.Source == "Microsoft.AspNetCore.Http")
        {
            return Misuse([$"ASPNETCORE_URLS: {mistake.Message}"]);
        }
        catch (IOException mistake) when (mistake.InnerException is AddressInUseException)
        {
            return Misuse([$"{mistake.Message} Set ASPNETCORE_URLS to another one."]);
        }
        catch (Exception failure) when (failure.GetBaseException() is DbException problem)
        {
            await Console.Error.WriteLineAsync($"ImageWorker: the database cannot be worked with: {problem.Message}");
            return Failed;
        }
        catch (BrokerException problem)
        {
            await Console.Error.WriteLineAsync($"ImageWorker: {problem.Message}");
            return Failed;
        }
        catch (OperationCanceledException)
        {
            return Failed;
        }
    }

    private static RootCommand Root()
    {
        var root = new RootCommand("ImageWorker turns messages into paid ZPK images: durable, and never paid twice.")
        {
            RunCommand.Create(),
            TryCommand.Create(),
            SendCommand.Create(),
            RequestsCommand.Create(),
            PaceCommand.Create(),
            MigrateCommand.Create(),
            HealthcheckCommand.Create(),
            ErrorQueueCommands.Create(),
        };
        root.TreatUnmatchedTokensAsErrors = false;
        root.SetAction(RunCommand.RunAsync);
        return root;
    }

    private static int Misuse(IEnumerable<string> mistakes)
    {
        foreach (var mistake in mistakes)
            Console.Error.WriteLine(
                $"ImageWorker: {string.Join(' ', mistake.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))}"
            );
        return Misused;
    }
}
