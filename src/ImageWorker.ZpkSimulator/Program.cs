using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace ImageWorker.ZpkSimulator;

/// <summary>The executable: options from command line and environment, one line when it listens, stop on a signal.</summary>
internal static class Program
{
    private const int DefaultPort = 5080;
    private const int UsageError = 2;

    public static async Task<int> Main(string[] args)
    {
        if (args.Contains("--help", StringComparer.Ordinal) || args.Contains("-h", StringComparer.Ordinal))
        {
            Console.Write(Help.Text);
            return 0;
        }

        try
        {
            if (args is ["healthcheck", .. var rest])
                return await ListensAsync(ReadOptions(rest)) ? 0 : 1;
            await using var server = await ZpkSimulatorServer.StartAsync(ReadOptions(args));
            Console.WriteLine($"The ZPK simulator listens on {server.BaseAddress}");
            await SignalAsync();
            return 0;
        }
        catch (Exception exception)
            when (exception
                    is ValidationException
                        or FormatException
                        or InvalidOperationException
                        or IOException
                        or UnauthorizedAccessException
            )
        {
            await Console.Error.WriteLineAsync($"{exception.Message} {exception.InnerException?.Message}");
            return UsageError;
        }
    }

    /// <summary>Whether a simulator with these options takes connections: for containers, which have no shell.</summary>
    private static async Task<bool> ListensAsync(SimulatorOptions options)
    {
        using var connection = new TcpClient();
        try
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            await connection.ConnectAsync(IPAddress.Loopback, options.Port, patience.Token);
            return true;
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            await Console.Error.WriteLineAsync($"Nothing listens on port {options.Port}.");
            return false;
        }
    }

    private static SimulatorOptions ReadOptions(string[] args)
    {
        var configuration = new ConfigurationBuilder()
            .AddEnvironmentVariables(SimulatorOptions.EnvironmentPrefix)
            .AddCommandLine(args)
            .Build();
        var known = typeof(SimulatorOptions).GetProperties().Select(property => property.Name);
        var given = configuration.GetChildren().Select(section => section.Key);
        if (given.Except(known, StringComparer.OrdinalIgnoreCase).FirstOrDefault() is { } unknown)
            throw new ValidationException($"There is no option {unknown}; see --help.");

        var options = new SimulatorOptions { Port = DefaultPort };
        configuration.Bind(options);
        return options;
    }

    private static async Task SignalAsync()
    {
        var signalled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            signalled.TrySetResult();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        await signalled.Task;
    }
}
