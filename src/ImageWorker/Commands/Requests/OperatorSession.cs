using System.Data.Common;
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
    public TimeProvider Time { get; } = host.Services.GetRequiredService<TimeProvider>();

    public ZpkPrices Prices => host.Services.GetRequiredService<IOptions<ZpkOptions>>().Value.Prices;

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
        builder.Services.AddStorage(postgres, Connections.EmbeddedDatabase);
        builder.Services.AddSingleton<EmbeddedCommands>();
        using var host = builder.BuildChecked();
        try
        {
            if ((await host.Services.GetRequiredService<DatabaseState>().LookAsync(ct)).Unreadable is { } problem)
                return await FailAsync(problem);
            return await command(new(host, postgres));
        }
        catch (Exception exception)
            when (exception
                    is DbException
                        or DbUpdateException
                        or InvalidOperationException { InnerException: DbException }
            )
        {
            return await FailAsync($"the database failed: {exception.GetBaseException().Message}");
        }
    }

    public static async Task<int> FailAsync(string why)
    {
        await Console.Error.WriteLineAsync($"ImageWorker: {why}");
        return CommandLine.Failed;
    }

    public static Task<int> UnknownAsync(Guid id) => FailAsync(RequestDetails.Unknown(id));

    public Task<T> InDatabaseAsync<T>(Func<WorkerContext, Task<T>> work) =>
        host.Services.GetRequiredService<Database>().InAsync(work);

    public Task<ImageRequest?> FindAsync(Guid id, CancellationToken ct) =>
        InDatabaseAsync(db =>
            db.Requests.AsNoTracking().FirstOrDefaultAsync(request => request.CorrelationId == id, ct)
        );

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
