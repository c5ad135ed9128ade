using System.Runtime.CompilerServices;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.ZpkSimulator;
using ImageWorker.ZpkSimulator.Generation;
using ImageWorker.ZpkSimulator.Ledger;
using Npgsql;

namespace ImageWorker.IntegrationTests.Workers;

/// <summary>
/// All that a worker needs, for one test or one group of them: a virtual host, a database, a ZPK simulator whose ledger
/// is the witness of what was paid, a publisher, a subscriber, and the workers' processes.
/// </summary>
public sealed class WorkerUnderTest : IAsyncDisposable
{
    /// <summary>The setting of a crash point.</summary>
    public const string CrashAt = "IMAGEWORKER_CRASH_AT";

    /// <summary>The setting of a point where it freezes.</summary>
    public const string FreezeAt = "IMAGEWORKER_FREEZE_AT";

    /// <summary>The exit code of a process that SIGKILL ended.</summary>
    public const int KilledBySignal9 = 128 + 9;

    private static readonly ConditionalWeakTable<ServersFixture, Lazy<Task<string>>> Migrated = new();

    private readonly Dictionary<string, string?> _settings;
    private readonly NpgsqlDataSource _database;

    private WorkerUnderTest(Dictionary<string, string?> settings, ZpkSimulatorServer zpk)
    {
        _settings = settings;
        _database = NpgsqlDataSource.Create(settings["ConnectionStrings__Postgres"]!);
        Zpk = zpk;
    }

    public ZpkSimulatorServer Zpk { get; }

    public Subscriber Events { get; private set; } = null!;

    public Publisher Commands { get; private set; } = null!;

    public string RabbitMqUri => _settings["ConnectionStrings__RabbitMq"]!;

    public IReadOnlyDictionary<string, string?> Settings => _settings;

    /// <summary>The surroundings, the database's schema included unless it is not wanted; no worker yet.</summary>
    public static async Task<WorkerUnderTest> CreateAsync(
        ServersFixture servers,
        bool migrated = true,
        string? stateFile = null,
        string? postgres = null
    )
    {
        var zpk = await StartZpkAsync(stateFile);
        var settings = QuickSettings(zpk);
        settings["ConnectionStrings__RabbitMq"] = await servers.CreateVirtualHostAsync("worker");
        settings["ConnectionStrings__Postgres"] =
            postgres ?? await servers.CreateDatabaseAsync("worker", migrated ? await MigratedAsync(servers) : null);
        // A broker that somebody else runs gives no virtual host of our own.
        settings["Queues__Prefix"] = servers.RabbitMq is GivenServer ? $"{Guid.NewGuid():n}." : "";
        var worker = new WorkerUnderTest(settings, zpk);
        if (migrated && postgres is not null)
        {
            await worker.MigrateAsync();
        }

        await worker.ConnectAsync();
        return worker;
    }

    /// <summary>A simulator whose images take 0.3 s, and which goes on from its state file where it is to have one.</summary>
    public static Task<ZpkSimulatorServer> StartZpkAsync(string? stateFile = null) =>
        ZpkSimulatorServer.StartAsync(
            new() { GenerationTime = GenerationTime.Fixed(TimeSpan.FromSeconds(0.3)), StateFile = stateFile },
            TestContext.Current.CancellationToken
        );

    /// <summary>Everything that is waited for, in production for seconds and minutes, as short as it goes.</summary>
    public static Dictionary<string, string?> QuickSettings(ZpkSimulatorServer zpk) =>
        new(StringComparer.Ordinal)
        {
            ["Zpk__BaseAddress"] = $"{zpk.BaseAddress}",
            ["Zpk__ApplicationId"] = "tests",
            ["Zpk__ApiKey"] = "tests-key",
            ["Zpk__GenerateTimeout"] = "00:00:02",
            ["Zpk__SettleTime"] = "00:00:01",
            ["Zpk__CheckRetryDelay"] = "00:00:00.1",
            ["Requests__DefaultWait"] = "00:00:00.3",
            ["Requests__MinWait"] = "00:00:00.1",
            ["Requests__Backoff"] = "00:00:00.2",
            ["Requests__MaxBackoff"] = "00:00:01",
            ["Requests__ResendBackoff"] = "00:00:00.1",
            ["Requests__CheckPatience"] = "00:00:05",
            // Longer than a submission's lease: its calls' timeout, the settle time, and 5 s.
            ["Requests__ClosingGrace"] = "00:00:10",
            ["Delivery__Lease"] = "00:00:02",
            ["Delivery__SweepInterval"] = "00:00:00.1",
        };

    /// <summary>A command for pictures that no other test asks for; its payments are those of <see cref="PaidFor"/>.</summary>
    public static GenerateImages Command(string prompt, int count = 1)
    {
        var id = Guid.NewGuid();
        return new()
        {
            RequestId = id,
            Prompt = $"{prompt} [tag {id:n}]",
            Count = count,
        };
    }

    /// <summary>New connections of the publisher and the subscriber, after the broker was away; what came is forgotten.</summary>
    public async Task ReconnectAsync()
    {
        await DisconnectAsync();
        await ConnectAsync();
    }

    public Task MigrateAsync() => MigrateAsync(_settings);

    /// <summary>A database of these servers that was migrated once, to be copied.</summary>
    private static Task<string> MigratedAsync(ServersFixture servers)
    {
        return Migrated.GetValue(servers, _ => new(CreateAsync)).Value;

        async Task<string> CreateAsync()
        {
            var database = await servers.CreateDatabaseAsync("migrated");
            await MigrateAsync([new("ConnectionStrings__Postgres", database)]);
            return database;
        }
    }

    private static async Task MigrateAsync(IEnumerable<KeyValuePair<string, string?>> settings)
    {
        await using var migration = WorkerProgram.Start(["migrate"], settings);
        Assert.True(await migration.WaitForExitAsync() == 0, migration.Tail);
    }

    /// <summary>Starts a worker, the caller's to dispose; returns once it says that it is ready.</summary>
    public async Task<StartedWorker> StartAsync(params KeyValuePair<string, string?>[] settings)
    {
        var worker = Launch(settings);
        await worker.ReadyAsync();
        return worker;
    }

    /// <summary>Starts a worker, the caller's to dispose, and does not wait for it.</summary>
    public StartedWorker Launch(params KeyValuePair<string, string?>[] settings) =>
        WorkerProgram.StartWorker([.. _settings, .. settings]);

    /// <summary>
    /// Sends a command to a worker that kills itself, as by <c>kill -9</c>, when it gets to a crash point:
    /// <c>AfterCall</c> or, the second time it gets there, <c>AfterCall:2</c>.
    /// </summary>
    public async Task DieInAsync(GenerateImages command, string crashAt)
    {
        await using var dying = await StartAsync(new KeyValuePair<string, string?>(CrashAt, crashAt));
        await Commands.SendAsync(command);
        Assert.Equal(KilledBySignal9, await dying.Process.WaitForExitAsync());
    }

    /// <summary>What the simulator was asked for and paid for on behalf of a command.</summary>
    public LedgerReport PaidFor(GenerateImages command) => Zpk.ReadLedger($"{command.RequestId:n}");

    /// <summary>
    /// The one event that closed the command. Returns once nothing more can come: all that was decided is delivered, and
    /// the subscriber has it. Fails if that is more than one event; repeats of it carry its message id.
    /// </summary>
    public async Task<ReceivedEvent> ClosedOnceAsync(GenerateImages command)
    {
        await Eventually.HoldsAsync(() => Events.ClosingsOf(command.RequestId).Count > 0);
        await SettledAsync();
        var closings = Events.ClosingsOf(command.RequestId);
        Assert.Single(closings.Select(closing => closing.MessageId).Distinct());
        Assert.Single(closings.Select(closing => $"{closing.Name} {closing.Message}").Distinct(StringComparer.Ordinal));
        return closings[0];
    }

    /// <summary>Sends the command and gives the one event that closes it.</summary>
    public async Task<ReceivedEvent> CloseAsync(GenerateImages command)
    {
        await Commands.SendAsync(command);
        return await ClosedOnceAsync(command);
    }

    /// <summary>Returns once the outbox is empty and the subscriber has what was in it.</summary>
    public async Task SettledAsync()
    {
        await Eventually.PassesAsync(async () => Assert.Equal(0L, await QueryAsync("SELECT count(*) FROM outbox")));
        await Events.CatchUpAsync();
    }

    /// <summary>The first value of the first row.</summary>
    public Task<object?> QueryAsync(string sql) => _database.RunAsync(sql);

    public async ValueTask DisposeAsync()
    {
        await DisconnectAsync();
        await _database.DisposeAsync();
        await Zpk.DisposeAsync();
    }

    private async Task ConnectAsync()
    {
        Events = await Subscriber.ConnectAsync(RabbitMqUri);
        Commands = await Publisher.ConnectAsync(RabbitMqUri, _settings["Queues__Prefix"]!);
    }

    private async Task DisconnectAsync()
    {
        await Commands.DisposeAsync();
        await Events.DisposeAsync();
    }
}
