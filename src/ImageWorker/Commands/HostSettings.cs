using System.CommandLine;
using ImageWorker.Operations;
using ImageWorker.ZpkSimulator;
using Microsoft.Extensions.Logging.Console;

namespace ImageWorker.Commands;

/// <summary>What every host of this executable has in common.</summary>
public static class HostSettings
{
    private const string DefaultUrls = "http://127.0.0.1:8080";

    /// <summary>The <c>--Key:Subkey=value</c> settings on the command line; anything else there is a mistake.</summary>
    public static string[] From(ParseResult parsed)
    {
        var isValue = false;
        foreach (var token in parsed.UnmatchedTokens)
        {
            if (!isValue && !token.StartsWith("--", StringComparison.Ordinal))
                throw new ConfigurationException(
                    $"'{token}' is no command and no --Key:Subkey=value setting. See --help."
                );
            isValue = !isValue && !token.Contains('=', StringComparison.Ordinal);
        }
        return [.. parsed.UnmatchedTokens];
    }

    public static void UseWorkerDefaults(this WebApplicationBuilder builder)
    {
        builder.Configuration["urls"] ??= DefaultUrls;
        builder.Logging.UseWorkerLogging();
    }

    /// <summary>One line an entry, UTC; the worker's own steps, and of the libraries only what went wrong.</summary>
    public static void UseWorkerLogging(this ILoggingBuilder logging)
    {
        logging.Services.Configure<SimpleConsoleFormatterOptions>(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        });
        logging.Services.Configure<JsonConsoleFormatterOptions>(console =>
        {
            // The scopes name the trace.
            console.IncludeScopes = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
        });
        // Unless another is configured (Logging__Console__FormatterName=json).
        logging.Services.Configure<ConsoleLoggerOptions>(console =>
            console.FormatterName ??= ConsoleFormatterNames.Simple
        );
        logging.AddFilter("Microsoft", LogLevel.Warning);
        // Its scope would put paths into every entry, and a callback's path holds its token.
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        // Readiness is what its endpoint answers; what is waited for is logged once, by who waits.
        logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
        // Its failures reach whoever asked, and are told once, there.
        logging.AddFilter("Microsoft.EntityFrameworkCore", LogLevel.Critical);
        logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information);
        logging.AddFilter("System.Net.Http", LogLevel.Warning);
        logging.AddFilter("Polly", LogLevel.Error);
        logging.AddFilter("MassTransit", LogLevel.Warning);
        // A step that is run again, with its stack trace: a lost race is no failure, and an outage is told once, by who
        // waits for its end.
        logging.AddFilter("MassTransit.ReceiveTransport", LogLevel.Error);
    }

    public static void UseSimulator(this IConfiguration configuration, ZpkSimulatorServer simulator)
    {
        configuration["Zpk:BaseAddress"] = simulator.BaseAddress.ToString();
        configuration["Zpk:ApplicationId"] = "simulator";
        configuration["Zpk:ApiKey"] = "simulator";
    }
}
