using System.Collections.Concurrent;
using System.Data.Common;
using System.Diagnostics;
using System.Text.Json;
using ImageWorker.Commands;
using ImageWorker.Contracts;
using ImageWorker.Engine;
using ImageWorker.Hosting;
using ImageWorker.Requests;
using ImageWorker.Saga;
using ImageWorker.Storage;
using ImageWorker.Submission;
using ImageWorker.Telemetry;
using ImageWorker.Zpk.Wire;
using MassTransit;
using MassTransit.Serialization;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace ImageWorker.Tests;

/// <summary>
/// The worker with production's wiring, on an SQLite file and a clock that a test moves. Nothing is delivered and
/// nothing ticks by itself: a test hands over one message and reads what was committed with it.
/// </summary>
public sealed class WorkerUnderTest : IAsyncLifetime, IReceiveObserver
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("imageworker-unit-");
    private readonly ConcurrentDictionary<Guid, TaskCompletionSource> _awaited = new();
    private readonly ConcurrentQueue<object> _answers = new();
    private readonly ServiceProvider _services;
    private readonly IBusControl _bus;

    public WorkerUnderTest()
        : this(null, null, null, null, null) { }

    private WorkerUnderTest(
        HttpMessageHandler? zpk,
        IReadOnlyDictionary<string, string?>? settings,
        WorkerUnderTest? other,
        IInterceptor? interceptor,
        ILoggerProvider? log
    )
    {
        Time = other?.Time ?? new(new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        File = other?.File ?? Path.Combine(_folder.FullName, "worker.db");

        var collection = new ServiceCollection();
        collection.AddSingleton<IConfiguration>(
            new ConfigurationBuilder()
                .AddInMemoryCollection(
                    new Dictionary<string, string?>(StringComparer.Ordinal)
                    {
                        ["Zpk:ApplicationId"] = "application",
                        ["Zpk:ApiKey"] = "key",
                        // Its pauses would wait for a clock that stands still.
                        ["Zpk:CheckRetries"] = "0",
                    }
                )
                .AddInMemoryCollection(settings ?? new Dictionary<string, string?>(StringComparer.Ordinal))
                .Build()
        );
        collection.AddLogging(logging =>
            _ = log is null
                ? logging.SetMinimumLevel(LogLevel.Critical)
                : logging.AddFilter("ImageWorker", LogLevel.Information).AddProvider(log)
        );
        collection.AddImageWorker(new Connections(null, null), File);
        collection.AddSingleton<TimeProvider>(Time);
        collection.ConfigureDbContext<SqliteContext>(options => options.AddInterceptors(new Unsynchronized()));
        if (interceptor is not null)
            collection.ConfigureDbContext<SqliteContext>(options => options.AddInterceptors(interceptor));
        if (zpk is not null)
            collection.AddHttpClient(ApiCall.HttpClientName).ConfigurePrimaryHttpMessageHandler(() => zpk);
        _services = collection.BuildServiceProvider(new ServiceProviderOptions { ValidateScopes = true });
        _bus = _services.GetRequiredService<IBusControl>();
    }

    public FakeTimeProvider Time { get; }

    public string File { get; }

    public IServiceProvider Services => _services;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>A worker ready for messages.</summary>
    /// <param name="zpk">Stands for ZPK; null for a worker that never gets to call it.</param>
    /// <param name="settings">Configuration keys.</param>
    /// <param name="other">To be a second process on that one's database.</param>
    /// <param name="interceptor">Sees this process's statements.</param>
    /// <param name="log">Gets what the worker logs.</param>
    public static async Task<WorkerUnderTest> StartAsync(
        HttpMessageHandler? zpk = null,
        IReadOnlyDictionary<string, string?>? settings = null,
        WorkerUnderTest? other = null,
        IInterceptor? interceptor = null,
        ILoggerProvider? log = null
    )
    {
        var worker = new WorkerUnderTest(zpk, settings, other, interceptor, log);
        await worker.InitializeAsync();
        return worker;
    }

    public async ValueTask InitializeAsync()
    {
        await _services.GetRequiredService<DatabaseState>().MigrateAsync(Ct);
        _bus.ConnectReceiveObserver(this);
        await _bus.StartAsync(Ct);
    }

    public async ValueTask DisposeAsync()
    {
        await _bus.StopAsync(CancellationToken.None);
        await _services.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }

    /// <summary>Hands over one message by its queue, and returns what it led to.</summary>
    public async Task<Handled> HandleAsync<T>(T message, Guid? messageId = null, string? activityId = null)
        where T : class
    {
        await ConsumeAsync(message, messageId ?? Guid.NewGuid(), activityId);
        return await ReadHandledAsync(RequestIdOf(message));
    }

    /// <summary>Hands over a body as it came from a publisher without any library of ours.</summary>
    public Task<Handled> HandleBareAsync(
        string queue,
        string json,
        Guid requestId,
        string? traceParent = null,
        string? traceState = null
    ) => HandleBodyAsync(queue, "application/json", json, requestId, traceParent, traceState);

    /// <summary>The same for any type of content.</summary>
    public async Task<Handled> HandleBodyAsync(
        string queue,
        string contentType,
        string body,
        Guid requestId,
        string? traceParent = null,
        string? traceState = null
    )
    {
        await DeliverAsync(
            new()
            {
                MessageId = Guid.NewGuid(),
                ContentType = contentType,
                Body = body,
                TraceParent = traceParent,
                TraceState = traceState,
            },
            queue
        );
        return await ReadHandledAsync(requestId);
    }

    /// <summary>Sends a stored message, and returns once it was consumed.</summary>
    public async Task DeliverAsync(OutboxMessage message, string queue)
    {
        var consumed = AwaitAsync(message.MessageId);
        var endpoint = await _bus.GetSendEndpoint(Queues.AddressOf(queue));
        await endpoint.Send(new StoredMessage(), new StoredMessagePipe(message), Ct);
        await consumed;
    }

    /// <summary>
    /// Returns once the message was consumed; throws what its consumer threw. The answer to a call is noted in the
    /// ledger, and goes no further by itself.
    /// </summary>
    public async Task ConsumeAsync<T>(T message, Guid messageId, string? activityId = null)
        where T : class
    {
        switch (message)
        {
            case IZpkCall call:
                using (var span = RequestTracing.StartCall(call, call.Trace?.Wait, Time.GetUtcNow()))
                    await NoteAsync(await CallAsync(call, span));
                break;
            case GenerateImages or CancelImages:
                await PublishAsync(message, messageId, activityId);
                break;
            default:
                await _services.GetRequiredService<RequestDoor>().TellAsync(message, Ct);
                break;
        }
    }

    private Task<CallResult> CallAsync(IZpkCall call, Activity? span) =>
        call is SubmitImages submit
            ? _services.GetRequiredService<Submitter>().HandleAsync(submit, null, span, Ct)
            : _services.GetRequiredService<Checker>().HandleAsync((CheckImages)call, span, Ct);

    private async Task NoteAsync(CallResult result)
    {
        if (result.HeldBack is { } heldBack)
            _answers.Enqueue(heldBack);
        if (result.Answer is not { } answer)
            return;
        if (answer is SubmissionAnswer { Ledger: { } note } told)
        {
            await _services.GetRequiredService<RequestStore>().SaveAsync(new() { Ledger = note });
            // It is noted once.
            answer = told with
            {
                Ledger = null,
            };
        }
        _answers.Enqueue(answer);
    }

    public async Task<ImageRequest?> FindAsync(Guid requestId) =>
        await InDatabaseAsync(db =>
            db.Requests.AsNoTracking().FirstOrDefaultAsync(request => request.CorrelationId == requestId, Ct)
        );

    public async Task<T> InDatabaseAsync<T>(Func<WorkerContext, Task<T>> work)
    {
        await using var scope = _services.CreateAsyncScope();
        return await work(scope.ServiceProvider.GetRequiredService<WorkerContext>());
    }

    public async Task<T> WithAsync<TService, T>(Func<TService, Task<T>> work)
        where TService : notnull
    {
        await using var scope = _services.CreateAsyncScope();
        return await work(scope.ServiceProvider.GetRequiredService<TService>());
    }

    /// <summary>Takes the events that were committed since the last call, by their types.</summary>
    public Task<List<OutboxMessage>> TakeOutboxAsync() =>
        InDatabaseAsync(async db =>
        {
            var messages = await db.Outbox.AsNoTracking().ToListAsync(Ct);
            await db.Outbox.ExecuteDeleteAsync(Ct);
            return messages.OrderBy(Handled.TypeOf, StringComparer.Ordinal).ToList();
        });

    /// <summary>Takes the calls that were handed on, and what calls answered, since the last call.</summary>
    public List<object> TakeWork()
    {
        var calls = _services.GetRequiredService<PendingCalls>();
        var work = new List<object>();
        while (_answers.TryDequeue(out var answer))
            work.Add(answer);
        while (calls.Take(checks: true, submissions: true) is { } call || calls.LookUps.TryRead(out call))
        {
            work.Add(call.Message);
            calls.Done(call);
        }
        return [.. work.OrderBy(message => message.GetType().Name, StringComparer.Ordinal)];
    }

    Task IReceiveObserver.PreReceive(ReceiveContext context) => Task.CompletedTask;

    Task IReceiveObserver.PostReceive(ReceiveContext context)
    {
        Awaited(context)?.TrySetResult();
        return Task.CompletedTask;
    }

    Task IReceiveObserver.PostConsume<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType) =>
        Task.CompletedTask;

    Task IReceiveObserver.ConsumeFault<T>(
        ConsumeContext<T> context,
        TimeSpan duration,
        string consumerType,
        Exception exception
    )
    {
        // What is tried again reports each failure, and then gets there.
        if (exception.GetBaseException() is not DbException)
            Awaited(context.ReceiveContext)?.TrySetException(exception);
        return Task.CompletedTask;
    }

    Task IReceiveObserver.ReceiveFault(ReceiveContext context, Exception exception)
    {
        Awaited(context)?.TrySetException(exception);
        return Task.CompletedTask;
    }

    private Task AwaitAsync(Guid messageId) =>
        _awaited
            .GetOrAdd(messageId, _ => new(TaskCreationOptions.RunContinuationsAsynchronously))
            .Task.WaitAsync(Patience, Ct);

    private TaskCompletionSource? Awaited(ReceiveContext context) =>
        context.GetMessageId() is { } id && _awaited.TryRemove(id, out var waiting) ? waiting : null;

    private async Task<Handled> ReadHandledAsync(Guid requestId) =>
        new(await FindAsync(requestId), await TakeOutboxAsync(), TakeWork());

    private async Task PublishAsync<T>(T command, Guid messageId, string? activityId)
        where T : class
    {
        var queues = _services.GetRequiredService<Queues>();
        var queue = command is GenerateImages ? queues.GenerateImages : queues.CancelImages;
        var consumed = AwaitAsync(messageId);
        var endpoint = await _bus.GetSendEndpoint(Queues.AddressOf(queue));
        await endpoint.Send(
            command,
            Pipe.Execute<SendContext>(send =>
            {
                send.MessageId = messageId;
                if (activityId is not null)
                    send.Headers.Set("MT-Activity-Id", activityId);
            }),
            Ct
        );
        await consumed;
    }

    private static Guid RequestIdOf<T>(T message)
        where T : class => (Guid)message.GetType().GetProperty(nameof(RequestTick.RequestId))!.GetValue(message)!;
}

/// <summary>No test of this project pulls the plug, so none waits for the disk.</summary>
internal sealed class Unsynchronized : DbConnectionInterceptor
{
    public override async Task ConnectionOpenedAsync(
        DbConnection connection,
        ConnectionEndEventData eventData,
        CancellationToken cancellationToken = default
    )
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA synchronous = OFF";
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}

/// <summary>What one message led to: the row as it is now, the events committed with it, and what is to be done next.</summary>
public sealed record Handled(ImageRequest? Request, IReadOnlyList<OutboxMessage> Events, IReadOnlyList<object> Work)
{
    public string State => Request?.State ?? "none";

    /// <summary>The types of the messages.</summary>
    public string Says =>
        string.Join(
            " ",
            Events.Select(TypeOf).Concat(Work.Select(message => message.GetType().Name)).Order(StringComparer.Ordinal)
        );

    /// <summary>The messages of one type.</summary>
    public List<T> All<T>() =>
        [.. Events.Where(message => TypeOf(message) == typeof(T).Name).Select(Read<T>), .. Work.OfType<T>()];

    /// <summary>The one message there is, which must be of this type.</summary>
    public T Only<T>()
    {
        Assert.Equal(typeof(T).Name, Says);
        return Assert.Single(All<T>());
    }

    public static string TypeOf(OutboxMessage message) =>
        JsonDocument.Parse(message.Body).RootElement.GetProperty("messageType")[0].GetString()!.Split(':')[^1];

    public static T Read<T>(OutboxMessage message) =>
        JsonDocument
            .Parse(message.Body)
            .RootElement.GetProperty("message")
            .Deserialize<T>(SystemTextJsonMessageSerializer.Options)!;
}
