using ImageWorker.Callbacks;
using ImageWorker.Delivery;
using ImageWorker.Requests;
using ImageWorker.Retention;
using ImageWorker.Storage;
using ImageWorker.Submission;
using ImageWorker.Telemetry;
using ImageWorker.Zpk;

namespace ImageWorker.Operations;

public static class WorkerRegistration
{
    /// <summary>The whole worker, on the broker and database of <paramref name="connections"/>.</summary>
    public static void AddImageWorker(
        this IServiceCollection services,
        Connections connections,
        string sqliteFile = Connections.EmbeddedDatabase
    )
    {
        services.AddSingleton(connections);
        services.AddSingleton<TimeProvider>(new SteadyClock(TimeProvider.System));
        services.AddChecked<RequestOptions>(RequestOptions.Section);
        services.AddChecked<SubmissionOptions>(SubmissionOptions.Section);
        services.AddChecked<QueueOptions>(QueueOptions.Section);
        services.AddChecked<DeliveryOptions>(DeliveryOptions.Section);
        services.AddChecked<OperationsOptions>(OperationsOptions.Section);
        services.AddChecked<RetentionOptions>(RetentionOptions.Section);
        services.AddChecked<TelemetryOptions>(TelemetryOptions.Section);
        services.AddZpkImages();
        services
            .AddOptions<ZpkOptions>()
            .Configure<IConfiguration>(
                (_, settings) => RefuseUnknownKeys<ZpkOptions>(settings.GetSection(ZpkOptions.Section))
            );
        services.AddStorage(connections.Postgres, sqliteFile);
        services.AddMessaging(connections.RabbitMq);
        services.AddCallbacks();
        services.AddWorkerMetrics();
        services.AddRetention();
        services.AddHealth();
        services.AddOperationsKey();
        services.AddOperations();
        services.AddHostedService<WorkerService>();
    }

    /// <summary>Options whose wrong values and unknown keys stop the start.</summary>
    private static void AddChecked<T>(this IServiceCollection services, string section)
        where T : class =>
        services
            .AddOptions<T>()
            .BindConfiguration(section)
            .Configure<IConfiguration>((_, configuration) => RefuseUnknownKeys<T>(configuration.GetSection(section)))
            .ValidateDataAnnotations()
            .ValidateOnStart();

    /// <summary>A mistyped key would silently be the default.</summary>
    private static void RefuseUnknownKeys<T>(IConfigurationSection section)
    {
        var known = typeof(T).GetProperties().Select(property => property.Name).ToList();
        foreach (var key in section.GetChildren())
        {
            if (!known.Contains(key.Key, StringComparer.OrdinalIgnoreCase))
                throw new ConfigurationException(
                    $"{key.Path} is no setting. Section {section.Path} has {string.Join(", ", known)}."
                );
        }
    }
}
