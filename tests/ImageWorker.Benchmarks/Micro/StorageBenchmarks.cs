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
    private readonly string _file = Path.GetTempFileName();
    private ServiceProvider _services = null!;
    private RequestStore _store = null!;

    /// <summary>Steps that end at the same time.</summary>
    [Params(1, 32)]
    public int AtOnce { get; set; }

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        var collection = new ServiceCollection();
        collection.AddSingleton<IConfiguration>(
            new ConfigurationBuilder()
                .AddInMemoryCollection([new("Zpk:ApplicationId", "benchmark"), new("Zpk:ApiKey", "benchmark")])
                .Build()
        );
        collection.AddLogging();
        collection.AddImageWorker(new Connections(null, null), _file);
        _services = collection.BuildServiceProvider();
        await _services.GetRequiredService<DatabaseState>().MigrateAsync(CancellationToken.None);
        _store = _services.GetRequiredService<RequestStore>();
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        _services.Dispose();
        File.Delete(_file);
    }

    [Benchmark]
    public Task UnitOfWork() => Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => _store.SaveAsync(New())));

    [Benchmark]
    public async Task TimersClaimed()
    {
        await using var scope = _services.CreateAsyncScope();
        var now = DateTimeOffset.UnixEpoch;
        await scope.ServiceProvider.GetRequiredService<WorkerContext>().ClaimTicksAsync(now, now, AtOnce, default);
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
