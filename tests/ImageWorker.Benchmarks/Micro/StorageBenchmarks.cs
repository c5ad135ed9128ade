using BenchmarkDotNet.Attributes;
using ImageWorker.Commands;
using ImageWorker.Contracts;
using ImageWorker.Hosting;
using ImageWorker.Requests;
using ImageWorker.Saga;
using ImageWorker.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace ImageWorker.Benchmarks.Micro;

/// <summary>Steps saved, one after the other and together, and timers claimed; on a SQLite file, so without a network.</summary>
public class StorageBenchmarks
{
    private readonly string file = Path.GetTempFileName();
    private ServiceProvider services = null!;
    private RequestStore store = null!;

    /// <summary>Steps that end at the same time.</summary>
    [Params(1, 32)]
    public int AtOnce { get; set; }

    [GlobalSetup]
    public async Task SetUp()
    {
        var collection = new ServiceCollection();
        collection.AddSingleton<IConfiguration>(
            new ConfigurationBuilder()
                .AddInMemoryCollection([new("Zpk:ApplicationId", "benchmark"), new("Zpk:ApiKey", "benchmark")])
                .Build()
        );
        collection.AddLogging();
        collection.AddImageWorker(new Connections(null, null), file);
        services = collection.BuildServiceProvider();
        await services.GetRequiredService<DatabaseState>().Migrate(CancellationToken.None);
        store = services.GetRequiredService<RequestStore>();
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        services.Dispose();
        File.Delete(file);
    }

    [Benchmark]
    public Task UnitOfWork() => Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => store.Save(New())));

    [Benchmark]
    public async Task TimersClaimed()
    {
        await using var scope = services.CreateAsyncScope();
        var now = DateTimeOffset.UnixEpoch;
        await scope.ServiceProvider.GetRequiredService<WorkerContext>().ClaimTicks(now, now, AtOnce, default);
    }

    private static UnitOfWork New()
    {
        var id = Guid.NewGuid();
        var unit = new UnitOfWork();
        unit.Insert(
            new()
            {
                CorrelationId = id,
                State = nameof(RequestStateMachine.Submitting),
                Command = new GenerateImages { RequestId = id, Prompt = "a load of foxes" },
                Images = [new RequestImage()],
            }
        );
        return unit;
    }
}
