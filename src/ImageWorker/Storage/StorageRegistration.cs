using System.Diagnostics;
using ImageWorker.Hosting;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace ImageWorker.Storage;

public static class StorageRegistration
{
    /// <summary>
    /// A connection keeps its plans. A plan that was made for an empty table would read all of it once it has grown. No
    /// statement here is meant to read a whole table; each names the rows that it changes by <c>= ANY</c> of an array, since
    /// by an index, too, a join can read all of it. And a transaction whose worker fell silent, with no end of its
    /// connection, would hold its locks until the server's TCP gives up, which takes two hours.
    /// </summary>
    private const string SessionOptions = "-c enable_seqscan=off -c jit=off -c idle_in_transaction_session_timeout=10s";

    /// <summary>Adds PostgreSQL if there is a connection string, else the SQLite file.</summary>
    /// <param name="services">The services to add to.</param>
    /// <param name="postgres">An Npgsql connection string; null for the file.</param>
    /// <param name="sqliteFile">The file.</param>
    /// <param name="waitsForLocks">True for changes of the schema, which wait until running steps are done.</param>
    public static void AddStorage(
        this IServiceCollection services,
        string? postgres,
        string sqliteFile,
        bool waitsForLocks = false
    )
    {
        if (postgres is not null)
            services.AddDbContextPool<WorkerContext, PostgresContext>(options =>
                options.UseNpgsql(
                    Tuned(postgres, waitsForLocks ? "0" : PostgresContext.LockTimeout),
                    npgsql => npgsql.ConfigureDataSource(source => source.ConfigureTracing(TraceWork))
                )
            );
        else
            services.AddDbContextPool<WorkerContext, SqliteContext>(options =>
                options.UseSqlite($"Data Source={sqliteFile};Default Timeout=30")
            );
        services.AddSingleton<Database>();
        services.AddSingleton<DatabaseState>();
        services.AddSingleton<DatabaseClock>();
        services.AddSingleton<DatabaseTimeline>();
        services.AddSingleton<StepRetries>();
        services.AddSingleton<LockedRequests>();
        services.AddSingleton<RequestStore>();
        services.AddChecked<DeliveryOptions>(DeliveryOptions.Section);
    }

    /// <summary>The searches of every second belong to no request. Each would become a trace.</summary>
    private static void TraceWork(NpgsqlTracingOptionsBuilder tracing) =>
        tracing
            .ConfigureCommandFilter(_ => Activity.Current is not null)
            .ConfigureBatchFilter(_ => Activity.Current is not null)
            .EnablePhysicalOpenTracing(false);

    /// <summary>
    /// No statement leaves anything in its session, so a returned connection needs no reset. Those resets were half of
    /// all transactions. The few statements there are stay prepared. Kerberos is not tried for encryption: its library is
    /// in no small image, and says so at each start. What the connection string says itself holds.
    /// </summary>
    private static string Tuned(string postgres, string lockTimeout)
    {
        var settings = new NpgsqlConnectionStringBuilder(postgres);
        var given = settings.Keys.ToHashSet(StringComparer.Ordinal);
        if (!given.Contains("No Reset On Close"))
            settings.NoResetOnClose = true;
        if (!given.Contains("Max Auto Prepare"))
            settings.MaxAutoPrepare = 50;
        if (!given.Contains("GSS Encryption Mode"))
            settings.GssEncryptionMode = GssEncryptionMode.Disable;
        // Plans are kept only for prepared statements. Without them there may be a pooler in between, whose sessions
        // serve other programs too. Of two values for one option the later one holds.
        if (settings.MaxAutoPrepare > 0)
            settings.Options = $"{SessionOptions} -c lock_timeout={lockTimeout} {settings.Options}".TrimEnd();
        return settings.ConnectionString;
    }
}
