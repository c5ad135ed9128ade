using System.Diagnostics;
using ImageWorker.Hosting;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace ImageWorker.Storage;

public static class StorageRegistration
{
    /// <summary>
    /// A connection keeps its plans. A plan that was made for an empty table would read all of it once it has grown. No
    /// statement here is meant to read a whole table.
    /// </summary>
    private const string Planning = "SET enable_seqscan = off; SET jit = off";

    /// <summary>Adds PostgreSQL if there is a connection string, else the SQLite file.</summary>
    public static void AddStorage(this IServiceCollection services, string? postgres, string sqliteFile)
    {
        if (postgres is not null)
            services.AddDbContextPool<WorkerContext, PostgresContext>(options =>
                options.UseNpgsql(
                    Tuned(postgres),
                    npgsql =>
                        npgsql.ConfigureDataSource(source =>
                        {
                            source.ConfigureTracing(TraceWork);
                            source.UsePhysicalConnectionInitializer(Plan, PlanAsync);
                        })
                )
            );
        else
            services.AddDbContextPool<WorkerContext, SqliteContext>(options =>
                options.UseSqlite($"Data Source={sqliteFile};Default Timeout=30")
            );
        services.AddSingleton<Database>();
        services.AddSingleton<DatabaseState>();
        services.AddSingleton<StepRetries>();
        services.AddSingleton<RequestStore>();
        services.AddChecked<DeliveryOptions>(DeliveryOptions.Section);
    }

    /// <summary>The searches of every second belong to no request. Each would become a trace.</summary>
    private static void TraceWork(NpgsqlTracingOptionsBuilder tracing) =>
        tracing
            .ConfigureCommandFilter(_ => Activity.Current is not null)
            .ConfigureBatchFilter(_ => Activity.Current is not null)
            .EnablePhysicalOpenTracing(false);

    private static void Plan(NpgsqlConnection connection)
    {
        using var command = new NpgsqlCommand(Planning, connection);
        command.ExecuteNonQuery();
    }

    private static async Task PlanAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(Planning, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>
    /// No statement leaves anything in its session, so a returned connection needs no reset. Those resets were half of
    /// all transactions. The few statements there are stay prepared.
    /// </summary>
    private static string Tuned(string postgres)
    {
        var settings = new NpgsqlConnectionStringBuilder(postgres) { NoResetOnClose = true };
        if (settings.MaxAutoPrepare == 0)
            settings.MaxAutoPrepare = 50;
        return settings.ConnectionString;
    }
}
