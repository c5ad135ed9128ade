using ImageWorker.Callbacks;
using ImageWorker.Engine;
using ImageWorker.Hosting;
using ImageWorker.Operations;
using ImageWorker.Retention;
using ImageWorker.Saga;
using ImageWorker.Storage;
using ImageWorker.Submission;
using ImageWorker.Telemetry;
using ImageWorker.Zpk;

namespace ImageWorker.Commands;

public static class WorkerRegistration
{
    /// <summary>Adds the whole worker, on the broker and database of <paramref name="connections"/>.</summary>
    public static void AddImageWorker(
        this IServiceCollection services,
        Connections connections,
        string sqliteFile = Connections.EmbeddedDatabase
    )
    {
        services.AddSingleton(connections);
        services.AddSingleton<TimeProvider>(new SteadyClock(TimeProvider.System));
        services.AddChecked<ZpkOptions>(ZpkOptions.Section);
        services.AddZpkImages();
        services.AddStorage(connections.Postgres, sqliteFile);
        services.AddWorkerTelemetry();
        services.AddSaga();
        services.AddCallbacks();
        services.AddSubmission();
        services.AddRetention();
        services.AddMessaging(connections.RabbitMq);
        services.AddEngine();
        services.AddOperations();
    }
}
