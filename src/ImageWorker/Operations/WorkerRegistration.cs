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
        services.AddChecked<ZpkOptions>(ZpkOptions.Section);
        services.AddZpkImages();
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
}
