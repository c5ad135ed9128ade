using ImageWorker.Engine;
using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Submission;
using ImageWorker.Tests.Submission;
using ImageWorker.Tests.ZpkSimulator;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static ImageWorker.Tests.Saga.Happenings;

namespace ImageWorker.Tests.Engine;

public sealed class OutboxDeliveryTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_event_that_a_process_died_with_is_delivered_by_another_once_its_lease_ends()
    {
        await using var worker = await WorkerUnderTest.StartAsync();
        await using var dead = await WorkerUnderTest.StartAsync(other: worker);
        await dead.ConsumeAsync(Command() with { Prompt = "" }, Guid.NewGuid());
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var delivery = worker.Services.GetRequiredService<OutboxDelivery>().RunAsync(stopping.Token);

        await SweepForAsync(worker, TimeSpan.FromSeconds(29));
        var whileLeased = await RowsAsync(worker);
        await AdvanceUntilAsync(worker, () => RowsAsync(worker).GetAwaiter().GetResult().Count == 0);
        await stopping.CancelAsync();

        Assert.Equal("ImagesFailed", Assert.Single(whileLeased));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => delivery);
    }

    [Fact]
    public async Task An_event_whose_send_hangs_is_sent_once_at_a_time_and_fails_once()
    {
        await using var worker = await WorkerUnderTest.StartAsync();
        var sends = new HeldSends();
        worker.Services.GetRequiredService<IBusControl>().ConnectSendObserver(sends);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var delivery = worker.Services.GetRequiredService<OutboxDelivery>().RunAsync(stopping.Token);
        await worker.ConsumeAsync(Command() with { Prompt = "" }, Guid.NewGuid());
        await Eventually.TrueAsync(() => sends.Begun == 1);

        await AdvanceUntilAsync(worker, () => AttemptsAsync(worker).GetAwaiter().GetResult() >= 3);
        var whileItHangs = sends.Begun;
        sends.Held.SetException(new InvalidOperationException("The connection is lost."));
        await Eventually.TrueAsync(() => AttemptsAsync(worker).GetAwaiter().GetResult() == 0);
        await AdvanceUntilAsync(worker, () => RowsAsync(worker).GetAwaiter().GetResult().Count == 0);
        await stopping.CancelAsync();

        Assert.Equal((1, 2), (whileItHangs, sends.Begun));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => delivery);
    }

    [Fact]
    public async Task An_event_that_was_sent_is_not_sent_again_though_its_lease_ends_before_its_row_is_gone()
    {
        await using var worker = await WorkerUnderTest.StartAsync(
            settings: new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["Delivery:Lease"] = "00:00:02",
                ["Delivery:DeleteInterval"] = "00:00:10",
            }
        );
        var sends = new HeldSends();
        sends.Held.SetResult();
        worker.Services.GetRequiredService<IBusControl>().ConnectSendObserver(sends);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var delivery = worker.Services.GetRequiredService<OutboxDelivery>().RunAsync(stopping.Token);
        await worker.ConsumeAsync(Command() with { Prompt = "" }, Guid.NewGuid());
        await Eventually.TrueAsync(() => sends.Begun == 1);

        await AdvanceUntilAsync(worker, () => AttemptsAsync(worker).GetAwaiter().GetResult() >= 1);
        await AdvanceUntilAsync(worker, () => RowsAsync(worker).GetAwaiter().GetResult().Count == 0);
        await stopping.CancelAsync();

        Assert.Equal(1, sends.Begun);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => delivery);
    }

    [Fact]
    public async Task A_call_that_a_process_died_before_is_made_by_another_once()
    {
        using var zpk = new StubZpk();
        await using var worker = await WorkerUnderTest.StartAsync(zpk);
        await using var dead = await WorkerUnderTest.StartAsync(other: worker);
        var command = Command();
        await dead.ConsumeAsync(command, Guid.NewGuid());
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var ticking = worker.Services.GetRequiredService<RequestTicker>().RunAsync(stopping.Token);
        var calling = worker.Services.GetRequiredService<CallRunner>().RunAsync();

        await SweepForAsync(worker, TimeSpan.FromSeconds(39));
        var whileItMayLast = zpk.GenerateCalls;
        await AdvanceUntilAsync(
            worker,
            () => worker.FindAsync(command.RequestId).GetAwaiter().GetResult()!.State == "Generating"
        );
        await stopping.CancelAsync();
        worker.Services.GetRequiredService<PendingCalls>().Complete();
        await calling;

        Assert.Equal((0, 1), (whileItMayLast, zpk.GenerateCalls));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ticking);
    }

    [Fact]
    public async Task A_timer_fires_when_it_is_due()
    {
        using var zpk = new StubZpk();
        await using var worker = await WorkerUnderTest.StartAsync(zpk);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var ticker = worker.Services.GetRequiredService<RequestTicker>().RunAsync(stopping.Token);
        var started = await worker.HandleAsync(Command());
        var answer = (await worker.HandleAsync(started.Only<SubmitImages>())).Only<SubmissionAccepted>();
        var accepted = await worker.HandleAsync(answer);

        await SweepForAsync(worker, TimeSpan.FromSeconds(26));
        var early = worker.TakeWork();
        var calls = worker.Services.GetRequiredService<PendingCalls>();
        await AdvanceUntilAsync(worker, () => calls.HasNext(checks: true, submissions: false));
        var due = calls.Take(checks: true, submissions: false)!.Message;
        await stopping.CancelAsync();

        Assert.True(worker.Time.GetUtcNow() >= accepted.Request!.NextTickAt);
        Assert.Empty(early);
        Assert.Equal(answer.SubmissionId, Assert.IsType<CheckImages>(due).SubmissionId);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ticker);
    }

    [Fact]
    public async Task An_embedded_command_is_removed_once_its_request_is_saved()
    {
        await using var worker = await WorkerUnderTest.StartAsync();
        var command = Command();
        await new EmbeddedCommands(
            worker.Services.GetRequiredService<Database>(),
            worker.Services.GetRequiredService<DatabaseState>(),
            worker.Time
        ).AcceptAsync(command, Ct);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var delivery = worker.Services.GetRequiredService<OutboxDelivery>().RunAsync(stopping.Token);

        await AdvanceUntilAsync(
            worker,
            () => worker.InDatabaseAsync(db => db.Outbox.AnyAsync(Ct)).GetAwaiter().GetResult() is false
        );
        await stopping.CancelAsync();

        Assert.Equal("Submitting", (await worker.FindAsync(command.RequestId))!.State);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => delivery);
    }

    /// <summary>Lets the regular searches of that long happen.</summary>
    private static async Task SweepForAsync(WorkerUnderTest worker, TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += TimeSpan.FromSeconds(1))
        {
            worker.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(2, Ct);
        }
    }

    private static Task AdvanceUntilAsync(WorkerUnderTest worker, Func<bool> condition) =>
        Eventually.TrueAsync(() =>
        {
            worker.Time.Advance(TimeSpan.FromMilliseconds(200));
            return condition();
        });

    private static async Task<int?> AttemptsAsync(WorkerUnderTest worker) =>
        (await worker.InDatabaseAsync(db => db.Outbox.AsNoTracking().SingleOrDefaultAsync(Ct)))?.Attempts;

    private static async Task<List<string>> RowsAsync(WorkerUnderTest worker) =>
        [.. (await worker.InDatabaseAsync(db => db.Outbox.AsNoTracking().ToListAsync(Ct))).Select(Handled.TypeOf)];

    /// <summary>Counts the events' sends, and holds the first of them until it is told how that ends.</summary>
    private sealed class HeldSends : ISendObserver
    {
        private int _begun;

        public TaskCompletionSource Held { get; } = new();

        public int Begun => Volatile.Read(ref _begun);

        public Task PreSend<T>(SendContext<T> context)
            where T : class =>
            typeof(T) == typeof(StoredMessage) && Interlocked.Increment(ref _begun) == 1
                ? Held.Task
                : Task.CompletedTask;

        public Task PostSend<T>(SendContext<T> context)
            where T : class => Task.CompletedTask;

        public Task SendFault<T>(SendContext<T> context, Exception exception)
            where T : class => Task.CompletedTask;
    }
}
