using ImageWorker.Contracts;
using ImageWorker.Engine;
using ImageWorker.Hosting;
using ImageWorker.Operations;
using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Zpk;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace ImageWorker.Commands.Requests;

/// <summary>Gives one command the worker's database, and its broker if it sends something.</summary>
internal sealed class OperatorSession(IHost host, string? postgres)
{
    private const int MostNamed = 5;

    public TimeProvider Time { get; } = host.Services.GetRequiredService<TimeProvider>();

    public ZpkPrices Prices => host.Services.GetRequiredService<IOptions<ZpkOptions>>().Value.Prices;

    public SearchableMetadata Searchable => host.Services.GetRequiredService<SearchableMetadata>();

    public Queues Queues => host.Services.GetRequiredService<Queues>();

    /// <summary>Runs one command. A failure is one line on standard error.</summary>
    public static async Task<int> RunAsync(Func<OperatorSession, Task<int>> command, CancellationToken ct)
    {
        var builder = CommandHost.Create();
        var postgres = Connections.PostgresFrom(builder.Configuration);
        if (postgres is null && !File.Exists(Connections.EmbeddedDatabase))
            throw new ConfigurationException(
                $"there is no {Connections.EmbeddedDatabase} in this folder, and ConnectionStrings:Postgres is not set."
            );
        builder.Services.AddQueueNames();
        builder.Services.AddChecked<ZpkOptions>(ZpkOptions.Section);
        builder.Services.AddChecked<OperationsOptions>(OperationsOptions.Section);
        builder.Services.AddSearchableMetadata();
        builder.Services.AddStorage(postgres, Connections.EmbeddedDatabase);
        builder.Services.AddSingleton<EmbeddedCommands>();
        using var host = builder.BuildChecked();
        if ((await host.Services.GetRequiredService<DatabaseState>().LookAsync(ct)).Unreadable is { } problem)
            return await FailAsync(problem);
        return await command(new(host, postgres));
    }

    /// <summary>The value of metadata to search for; null for none.</summary>
    /// <exception cref="ConfigurationException">No key is configured.</exception>
    public string? Searched(string? metadata) =>
        metadata is null || Searchable.Key is { Length: > 0 }
            ? metadata
            : throw new ConfigurationException(
                "--metadata finds nothing: set Operations:SearchableMetadata to the key whose values are searched for."
            );

    /// <summary>The same, for the one request that is meant.</summary>
    public static Task<int> RunAsync(
        RequestIdText text,
        Func<OperatorSession, Guid, Task<int>> command,
        CancellationToken ct
    ) =>
        RunAsync(
            async session =>
                await session.ResolveAsync(text, ct) is { } id ? await command(session, id) : CommandLine.Failed,
            ct
        );

    public static async Task<int> FailAsync(string why)
    {
        await Console.Error.WriteLineAsync($"ImageWorker: {why}");
        return CommandLine.Failed;
    }

    /// <summary>The id that is meant. Null if there is none, or more than one: that is said.</summary>
    private async Task<Guid?> ResolveAsync(RequestIdText text, CancellationToken ct)
    {
        if (text.IsWhole)
            return text.First;
        var (first, last) = (text.First, text.Last);
        var ids = await InDatabaseAsync(db =>
            db.Requests.AsNoTracking()
                .Where(request =>
                    request.CorrelationId.CompareTo(first) >= 0 && request.CorrelationId.CompareTo(last) <= 0
                )
                .OrderBy(request => request.CorrelationId)
                .Select(request => request.CorrelationId)
                .Take(MostNamed + 1)
                .ToListAsync(ct)
        );
        if (ids is [var id])
            return id;
        await FailAsync(
            ids.Count == 0
                ? $"there is no request whose id begins with {text.Text}: it never came, or its retention is over."
                : $"{text.Text} begins the ids of several requests: {string.Join(", ", ids.Take(MostNamed))}{(ids.Count > MostNamed ? ", …" : "")}. Write more of it."
        );
        return null;
    }

    public static Task<int> UnknownAsync(Guid id) => FailAsync(RequestDetails.Unknown(id));

    public Database Database => host.Services.GetRequiredService<Database>();

    public Task<T> InDatabaseAsync<T>(Func<WorkerContext, Task<T>> work) => Database.InAsync(work);

    public Task<ImageRequest?> FindAsync(Guid id, CancellationToken ct) =>
        InDatabaseAsync(db =>
            db.Requests.AsNoTracking().FirstOrDefaultAsync(request => request.CorrelationId == id, ct)
        );

    /// <summary>The commands in the embedded worker's file that no worker has taken yet; none with a broker.</summary>
    public async Task<List<(GenerateImages Command, DateTimeOffset At)>> WaitingInFileAsync(
        int limit,
        CancellationToken ct
    ) => postgres is null ? await host.Services.GetRequiredService<EmbeddedCommands>().WaitingAsync(limit, ct) : [];

    /// <summary>
    /// How many commands wait in the broker, as a sentence; null if none do, and for a command that has no broker.
    /// </summary>
    public async Task<string?> WaitingInBrokerAsync(CancellationToken ct)
    {
        var configuration = host.Services.GetRequiredService<IConfiguration>();
        if (configuration.GetConnectionString("RabbitMq") is not { Length: > 0 })
            return null;
        try
        {
            return
                await BrokerCommands.CountAsync(Connections.RabbitMqFrom(configuration), Queues.GenerateImages, ct)
                    is { } count
                        and > 0
                ? $"RabbitMQ holds {count} more in {Queues.GenerateImages}, which no worker has taken yet."
                : null;
        }
        catch (BrokerException problem)
        {
            return $"It is not known how many more RabbitMQ holds: {problem.Message}";
        }
    }

    /// <summary>Hands a command over to the worker: through the broker or, embedded, through the file.</summary>
    /// <returns>Null if it worked, else why not.</returns>
    public async Task<string?> SendAsync<T>(string queue, T command, CancellationToken ct)
        where T : class
    {
        if (postgres is not null)
        {
            var rabbitMq = Connections.RabbitMqFrom(host.Services.GetRequiredService<IConfiguration>());
            return await BrokerCommands.SendAsync(rabbitMq, queue, command, ct);
        }
        await host.Services.GetRequiredService<EmbeddedCommands>().AcceptAsync(command, ct);
        return null;
    }
}
