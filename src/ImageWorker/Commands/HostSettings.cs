using System.CommandLine;
using System.Net;
using ImageWorker.Hosting;
using ImageWorker.Zpk;
using ImageWorker.ZpkSimulator;
using Microsoft.Extensions.Logging.Console;

namespace ImageWorker.Commands;

/// <summary>What every host of this executable has in common.</summary>
public static class HostSettings
{
    private const string DefaultUrls = "http://127.0.0.1:8080";

    /// <summary>The first parts of keys that are no feature's section: the .NET host's own, and two of this program.</summary>
    private static readonly string[] HostSections =
    [
        "ConnectionStrings",
        SecretFiles.Key,
        "AllowedHosts",
        "ContentRoot",
        "Environment",
        "Http_Ports",
        "Https_Ports",
        "Kestrel",
        "Logging",
        "Urls",
    ];

    private static readonly Lazy<List<CheckedSection>> Features = new(() =>
    {
        var services = new ServiceCollection();
        services.AddImageWorker(new(null, null));
        return [.. services.Select(service => service.ImplementationInstance).OfType<CheckedSection>()];
    });

    /// <summary>The first parts of all keys. Anything else has no effect.</summary>
    private static readonly Lazy<HashSet<string>> Sections = new(() =>
        Features.Value.Select(section => section.Name).Concat(HostSections).ToHashSet(StringComparer.OrdinalIgnoreCase)
    );

    /// <summary>The <c>--Key:Subkey=value</c> settings on the command line; anything else there is a mistake.</summary>
    public static string[] From(ParseResult parsed)
    {
        string? awaitsValue = null;
        foreach (var token in parsed.UnmatchedTokens)
        {
            if (awaitsValue is not null)
            {
                awaitsValue = null;
                continue;
            }
            if (!token.StartsWith("--", StringComparison.Ordinal) || !IsSetting(token[2..].Split('=')[0]))
                throw UnknownToken.Mistake(
                    parsed,
                    token,
                    "command and no --Key:Subkey=value setting of docs/configuration.md",
                    Sections.Value
                );
            awaitsValue = token.Contains('=', StringComparison.Ordinal) ? null : token;
        }
        return awaitsValue is null
            ? [.. parsed.UnmatchedTokens]
            : throw new ConfigurationException($"'{awaitsValue}' has no value: {awaitsValue}=value");
    }

    private static bool IsSetting(string key) =>
        key.StartsWith("OTEL_", StringComparison.Ordinal) || Sections.Value.Contains(key.Split(':')[0]);

    /// <summary>Completes the settings of a host by those in files, and looks for mistyped ones.</summary>
    /// <exception cref="ConfigurationException">The files cannot be read, or a setting is likely mistyped.</exception>
    public static void Complete(ConfigurationManager configuration)
    {
        MistypedSettings.Check(configuration, Features.Value, HostSections);
        configuration.AddSecretFiles();
        MistypedSettings.Check(configuration, Features.Value, HostSections);
    }

    public static void UseWorkerDefaults(this WebApplicationBuilder builder)
    {
        if (string.IsNullOrEmpty(builder.Configuration["urls"]))
            builder.Configuration["urls"] = DefaultUrls;
        foreach (var url in builder.Configuration["urls"]!.Split(';', StringSplitOptions.RemoveEmptyEntries))
            CheckUrl("ASPNETCORE_URLS (urls)", url);
        foreach (var endpoint in builder.Configuration.GetSection("Kestrel:Endpoints").GetChildren())
        {
            if (endpoint["Url"] is { } url)
                CheckUrl(CheckedOptions.Named($"{endpoint.Path}:Url"), url);
        }
        builder.UseWorkerLogging();
    }

    /// <summary>Logs one line for each entry, in UTC: the worker's own steps, and failures of libraries.</summary>
    /// <exception cref="ConfigurationException">A configured level is not a log level.</exception>
    public static void UseWorkerLogging(this IHostApplicationBuilder builder)
    {
        CheckLevels(builder.Configuration.GetSection("Logging"));
        var logging = builder.Logging;
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
        // The default, if no other is configured (Logging__Console__FormatterName=json).
        logging.Services.Configure<ConsoleLoggerOptions>(console =>
            console.FormatterName ??= ConsoleFormatterNames.Simple
        );
        ShownConsoleFormatter.Use(logging.Services, ConsoleFormatterNames.Simple);
        logging.AddFilter("Microsoft", LogLevel.Warning);
        // Its scope would put paths into every entry, and a callback's path holds its token.
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        // The readiness endpoint answers with it. The code that waits for something logs that once.
        logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
        // The caller gets its failures, and logs them once.
        logging.AddFilter("Microsoft.EntityFrameworkCore", LogLevel.Critical);
        logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information);
        // What ends the process is logged as critical, or told by the command. It would be logged as an error before.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        logging.AddFilter("System.Net.Http", LogLevel.Warning);
        // The worker logs what follows from it, once and in its own words.
        logging.AddFilter("Polly", LogLevel.None);
        // It tells each failed try to connect with a stack trace. BrokerRoad and BrokerState tell them once.
        logging.AddFilter("MassTransit", LogLevel.Critical);
        // It logs each step that runs again, with a stack trace. But a lost race is no failure, the code that waits for
        // the end of an outage logs it once, and PutAsideLog logs what is put aside.
        logging.AddFilter("MassTransit.ReceiveTransport", LogLevel.None);
    }

    /// <summary>
    /// Checks it first. Kestrel would report some mistakes with stack traces, and would listen on every address for a host
    /// that it does not know.
    /// </summary>
    private static void CheckUrl(string key, string url)
    {
        if (!IsListenable(url))
            throw new ConfigurationException(
                $"{key} must be addresses such as {DefaultUrls}, with ';' between them, not '{Shown(url)}'. The host is an IP address, localhost, or * for every address."
            );
    }

    private static bool IsListenable(string url)
    {
        try
        {
            var address = BindingAddress.Parse(url);
            return address.IsUnixPipe
                || address.IsNamedPipe
                || address.Host is "*" or "+"
                || address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
                || IPAddress.TryParse(address.Host, out _);
        }
        catch (FormatException)
        {
            return false;
        }
    }

    /// <summary>Without what stands before the host, which may be a password.</summary>
    private static string Shown(string url) => url[(url.LastIndexOf('@') + 1)..];

    /// <summary>Checks the levels of all log providers, and those of each one.</summary>
    private static void CheckLevels(IConfigurationSection logging)
    {
        var levels = logging
            .GetChildren()
            .Prepend(logging)
            .SelectMany(provider => provider.GetSection("LogLevel").GetChildren());
        foreach (var level in levels)
        {
            if (!Enum.TryParse<LogLevel>(level.Value, ignoreCase: true, out _))
                throw new ConfigurationException(
                    $"{CheckedOptions.Named(level.Path)} must be {string.Join(", ", Enum.GetNames<LogLevel>())}, not '{level.Value}'"
                );
        }
    }

    /// <summary>True for an embedded worker that is told of no ZPK: it brings the simulator.</summary>
    public static bool BringsSimulator(IConfiguration configuration) =>
        Connections.AreMissing(configuration)
        && configuration.GetSection(ZpkOptions.Section) is var zpk
        && (zpk["BaseAddress"] ?? zpk["ApplicationId"] ?? zpk["ApiKey"] ?? zpk["ApiKeyFile"]) is null;

    public static void UseSimulator(this IConfiguration configuration, ZpkSimulatorServer simulator)
    {
        configuration["Zpk:BaseAddress"] = simulator.BaseAddress.ToString();
        configuration["Zpk:ApplicationId"] = "simulator";
        configuration["Zpk:ApiKey"] = "simulator";
    }
}
