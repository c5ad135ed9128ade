using System.CommandLine;
using System.Net.Sockets;
using ImageWorker.Callbacks;
using ImageWorker.Hosting;
using ImageWorker.Operations;
using ImageWorker.Storage;
using ImageWorker.Telemetry;
using ImageWorker.Zpk;
using ImageWorker.ZpkSimulator;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace ImageWorker.Commands;

/// <summary><c>ImageWorker</c> or <c>ImageWorker run</c>: the worker, until it is told to stop.</summary>
public static partial class RunCommand
{
    public static Command Create()
    {
        var command = new Command(
            "run",
            "Run the worker (also without any command). Takes --Key:Subkey=value settings."
        );
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction(RunAsync);
        return command;
    }

    public static async Task<int> RunAsync(ParseResult parsed, CancellationToken ct)
    {
        OutOfMemory.EndsTheProcess();
        Libraries.Load();
        var builder = WebApplication.CreateBuilder(HostSettings.From(parsed));
        HostSettings.Complete(builder.Configuration);
        var connections = Connections.From(builder.Configuration);
        builder.UseWorkerDefaults();
        builder.AddTelemetry();

        // Before the simulator, whose own file must not have two writers either.
        using var file = connections.IsEmbedded ? SqliteFileLock.Take(Connections.EmbeddedDatabase) : null;
        await using var simulator = HostSettings.BringsSimulator(builder.Configuration)
            ? await StartSimulatorAsync(builder.Configuration, ct)
            : null;

        builder.Services.AddImageWorker(connections);
        await using var app = builder.Build();
        app.MapHealth();
        app.MapCallbacks();
        app.MapOperations();
        app.MapContracts();

        // Stopping waits for the longest call that may be under way.
        var shutdown = app.Services.GetRequiredService<IOptions<HostOptions>>().Value;
        var zpk = app.Services.GetRequiredService<IOptions<ZpkOptions>>().Value;
        shutdown.ShutdownTimeout = zpk.GenerateTimeout + TimeSpan.FromSeconds(15);

        // Before anything starts, so that a mistake gives one line and no stack trace.
        app.Services.GetRequiredService<IStartupValidator>().Validate();

        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("ImageWorker");
        if (connections.IsEmbedded)
            Log.Embedded(logger, Path.GetFullPath(Connections.EmbeddedDatabase));
        if (simulator is not null)
            Log.Simulated(logger, simulator.BaseAddress);
        foreach (var warning in connections.Warnings())
            Log.Insecure(logger, warning);
        var api = zpk.BaseAddress;
        Log.Starts(logger, TelemetryRegistration.Version, connections, $"{api.Scheme}://{api.Authority}");

        // The provider is gone after the run.
        var services = app.Services.GetServices<IHostedService>().OfType<BackgroundService>().ToList();
        await StartAsync(app, ct);
        await app.WaitForShutdownAsync(ct);
        // The host stops in good order when a service fails. Who restarts the process must see that it failed.
        return services.Exists(service => service.ExecuteTask is { IsFaulted: true })
            ? CommandLine.Failed
            : CommandLine.Done;
    }

    private static async Task StartAsync(WebApplication app, CancellationToken ct)
    {
        try
        {
            await app.StartAsync(ct);
        }
        catch (Exception mistake)
        {
            // Else what has started would be torn down, and would say so.
            await app.StopAsync(CancellationToken.None);
            if (mistake is IOException { InnerException: AddressInUseException })
                throw new ConfigurationException($"{mistake.Message} Set ASPNETCORE_URLS to another one.");
            if (
                mistake
                is SocketException
                    or InvalidOperationException { Source: "Microsoft.AspNetCore.Server.Kestrel.Core" }
            )
                throw new ConfigurationException(
                    $"ASPNETCORE_URLS {app.Configuration["urls"]} cannot be listened at: {mistake.Message}"
                );
            throw;
        }
    }

    private static async Task<ZpkSimulatorServer> StartSimulatorAsync(
        ConfigurationManager configuration,
        CancellationToken ct
    )
    {
        try
        {
            var simulator = await ZpkSimulatorServer.StartAsync(
                new() { StateFile = Path.ChangeExtension(Connections.EmbeddedDatabase, ".simulator.jsonl") },
                ct
            );
            configuration.UseSimulator(simulator);
            return simulator;
        }
        catch (Exception mistake) when (mistake is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"The simulator does not start: {mistake.Message}");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            1,
            LogLevel.Information,
            "Embedded: no ConnectionStrings:RabbitMq and ConnectionStrings:Postgres are set, so messages stay in this process and everything is kept in {File}"
        )]
        public static partial void Embedded(ILogger logger, string file);

        [LoggerMessage(
            2,
            LogLevel.Warning,
            "No Zpk:ApplicationId is set: images come from the built-in simulator at {Address}, nothing is paid"
        )]
        public static partial void Simulated(ILogger logger, Uri address);

        [LoggerMessage(3, LogLevel.Warning, "{Insecurity}")]
        public static partial void Insecure(ILogger logger, string insecurity);

        [LoggerMessage(4, LogLevel.Information, "ImageWorker {Version}: {Connections}, ZPK {Zpk}")]
        public static partial void Starts(ILogger logger, string? version, Connections connections, string zpk);
    }
}
