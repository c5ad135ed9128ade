namespace ImageWorker.Commands;

/// <summary>The host of every command except the worker itself. It logs to standard error.</summary>
internal static class CommandHost
{
    /// <summary>Makes a builder that reads settings as the worker does.</summary>
    /// <param name="args">The settings on the command line, for commands that take some.</param>
    public static HostApplicationBuilder Create(string[]? args = null)
    {
        var builder = Host.CreateApplicationBuilder(args);
        HostSettings.Complete(builder.Configuration);
        builder.UseWorkerLogging();
        builder
            .Logging.SetMinimumLevel(LogLevel.Warning)
            .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.AddSingleton(TimeProvider.System);
        return builder;
    }

    /// <summary>Builds the host, and checks its options as a start would.</summary>
    public static IHost BuildChecked(this HostApplicationBuilder builder)
    {
        var host = builder.Build();
        host.Services.GetService<Microsoft.Extensions.Options.IStartupValidator>()?.Validate();
        return host;
    }
}
