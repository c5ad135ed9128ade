using ImageWorker.Zpk;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ImageWorker.Tests.Zpk;

/// <summary>The client with production's wiring, over a stub or over real sockets.</summary>
internal sealed class ClientUnderTest : IDisposable
{
    public const string ApplicationId = "application-1234";
    public const string ApiKey = "S3cret-api-key-5678";

    private readonly ServiceProvider _services;

    public ClientUnderTest(
        HttpMessageHandler? api = null,
        TimeProvider? time = null,
        Action<ZpkOptions>? configure = null,
        HttpMessageHandler? pictures = null
    )
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(Log));
        services.AddSingleton(time ?? TimeProvider.System);
        var http = services.AddZpkImages(options =>
        {
            options.ApplicationId = ApplicationId;
            options.ApiKey = ApiKey;
            configure?.Invoke(options);
        });
        if (api is not null)
            http.ConfigurePrimaryHttpMessageHandler(() => api);
        if (pictures is not null)
            services.AddHttpClient("Zpk.Pictures").ConfigurePrimaryHttpMessageHandler(() => pictures);
        _services = services.BuildServiceProvider();
        Zpk = _services.GetRequiredService<ZpkImagesClient>();
    }

    public ZpkImagesClient Zpk { get; }

    public LogLines Log { get; } = new();

    public static GenerateParameters Parameters { get; } =
        new() { Prompt = "a lighthouse", UniqueRequestId = "abcDEF0123456789" };

    public void Dispose() => _services.Dispose();
}

/// <summary>Everything logged, exceptions included.</summary>
internal sealed class LogLines : ILoggerProvider, ILogger
{
    private readonly List<string> _lines = [];

    public string All
    {
        get
        {
            lock (_lines)
                return string.Join('\n', _lines);
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    )
    {
        lock (_lines)
            _lines.Add($"{formatter(state, exception)} {exception}");
    }

    public void Dispose() { }
}
