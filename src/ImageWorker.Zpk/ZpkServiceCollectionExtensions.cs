using ImageWorker.Zpk.Pictures;
using ImageWorker.Zpk.Wire;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace ImageWorker.Zpk;

/// <summary>Registers the client.</summary>
public static class ZpkServiceCollectionExtensions
{
    // A new connection every few minutes finds a server that moved to another address.
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Adds <see cref="ZpkImagesClient"/> as a singleton, its settings bound to the configuration section
    /// <c>Zpk</c> and checked when the host starts.
    /// </summary>
    /// <returns>The builder of the HTTP client that the API calls use (pictures have their own).</returns>
    public static IHttpClientBuilder AddZpkImages(this IServiceCollection services)
    {
        services
            .AddOptions<ZpkOptions>()
            .BindConfiguration(ZpkOptions.Section)
            .Configure<IConfiguration>(ReadPrices)
            .ValidateOnStart();
        return services.AddClient();
    }

    /// <summary>The same with the settings made in code; no configuration is read.</summary>
    /// <returns>The builder of the HTTP client that the API calls use (pictures have their own).</returns>
    public static IHttpClientBuilder AddZpkImages(this IServiceCollection services, Action<ZpkOptions> configure)
    {
        services.AddOptions<ZpkOptions>().Configure(configure).ValidateOnStart();
        return services.AddClient();
    }

    // The binder leaves out an entry of a dictionary that it cannot convert, without a word: a mistyped price would
    // silently be the old one.
    private static void ReadPrices(ZpkOptions options, IConfiguration configuration)
    {
        var prices = $"{ZpkOptions.Section}:{nameof(options.Prices)}:{nameof(options.Prices.Images)}";
        foreach (var price in configuration.GetSection(prices).GetChildren())
            options.Prices.Images[price.Key] = price.Get<decimal>();
    }

    private static IHttpClientBuilder AddClient(this IServiceCollection services)
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ZpkOptions>, ZpkOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ZpkImagesClient>();
        services
            .AddHttpClient(PictureDownload.HttpClientName, WithoutTimeout)
            .RemoveAllLoggers()
            .ConfigurePrimaryHttpMessageHandler(PictureHandler);
        return services
            .AddHttpClient(ApiCall.HttpClientName, WithoutTimeout)
            .RemoveAllLoggers()
            .ConfigurePrimaryHttpMessageHandler(Handler);
    }

    // Each call has its own deadline, on the TimeProvider.
    private static void WithoutTimeout(HttpClient client) => client.Timeout = Timeout.InfiniteTimeSpan;

    private static SocketsHttpHandler Handler(IServiceProvider provider) =>
        new()
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = provider.GetRequiredService<IOptions<ZpkOptions>>().Value.ConnectTimeout,
            PooledConnectionLifetime = ConnectionLifetime,
            ConnectCallback = TcpConnection.OpenAsync,
        };

    private static SocketsHttpHandler PictureHandler(IServiceProvider provider)
    {
        var handler = Handler(provider);
        handler.AllowAutoRedirect = true;
        handler.MaxAutomaticRedirections = 5;
        var api = provider.GetRequiredService<IOptions<ZpkOptions>>().Value.BaseAddress;
        handler.ConnectCallback = (context, ct) => PictureConnection.OpenAsync(context, api, ct);
        return handler;
    }
}
