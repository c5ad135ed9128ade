using ImageWorker.Engine;
using ImageWorker.Requests;
using ImageWorker.Submission;
using ImageWorker.Tests.Submission;
using ImageWorker.Tests.Zpk;
using ImageWorker.Tests.ZpkSimulator;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static ImageWorker.Tests.Saga.Happenings;

namespace ImageWorker.Tests.Engine;

public sealed class CallRunnerTests : IDisposable
{
    private readonly StubZpk _zpk = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _zpk.Dispose();

    [Fact]
    public async Task A_call_that_is_refused_is_made_again_and_its_request_never_hears_of_it()
    {
        await using var worker = await WorkerUnderTest.StartAsync(_zpk);
        var refused = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _zpk.OnGenerate = () =>
        {
            _zpk.Generate(StubZpk.Accepted);
            refused.SetResult();
            return Task.FromResult(StubApi.RetryAfter(429, 1));
        };
        var submit = (await worker.HandleAsync(Command())).Only<SubmitImages>();

        await using var running = Run(worker, submit);
        await Eventually.EndsAsync(refused.Task);
        await running.UntilAsync(request => request.State == "Generating");

        var request = await worker.FindAsync(submit.RequestId);
        Assert.Equal((2, 0), (_zpk.GenerateCalls, request!.Submissions[0].Failures));
    }

    [Fact]
    public async Task A_call_that_is_refused_time_and_again_while_others_pass_gets_a_backoff_of_its_own()
    {
        await using var worker = await WorkerUnderTest.StartAsync(_zpk);
        var poisoned = (await worker.HandleAsync(Command())).Only<SubmitImages>();
        _zpk.OnGenerate = () => Task.FromResult(StubApi.RetryAfter(429, 1));
        _zpk.OnCheck = () => Task.FromResult(StubApi.Json(Answers.NotFound));
        var calls = worker.Services.GetRequiredService<PendingCalls>();

        await using var running = Run(worker, poisoned);
        var number = 0;
        await running.UntilAsync(request =>
        {
            // Another call passes between any two refusals.
            calls.Add(new CheckImages(Guid.NewGuid(), $"other{++number}", $"ZPK{number}"));
            return request.Submissions[0].State is SubmissionState.Deferred;
        });

        var request = await worker.FindAsync(poisoned.RequestId);
        Assert.Equal(1, request!.Submissions[0].Failures);
        Assert.True(_zpk.GenerateCalls > 5);
    }

    [Fact]
    public async Task While_an_operator_holds_back_paid_calls_checks_go_on()
    {
        await using var worker = await WorkerUnderTest.StartAsync(_zpk);
        var submit = (await worker.HandleAsync(Command())).Only<SubmitImages>();
        await PauseAsync(worker, worker.Time.GetUtcNow());
        await using var running = Run(worker, submit);
        await running.UntilAsync(_ => worker.Services.GetRequiredService<CallPace>().Pause is not null);

        worker
            .Services.GetRequiredService<PendingCalls>()
            .Add(new CheckImages(Guid.NewGuid(), "other", "ZPK983ujdsifoj38497"));
        await running.UntilAsync(_ => _zpk.CheckCalls > 0);
        var held = _zpk.GenerateCalls;
        await PauseAsync(worker, null);
        await running.UntilAsync(request => request.State == "Generating");

        Assert.Equal((0, 1), (held, _zpk.GenerateCalls));
    }

    [Fact]
    public async Task After_an_outage_one_call_tries_before_the_others()
    {
        await using var worker = await WorkerUnderTest.StartAsync(_zpk);
        var gate = worker.Services.GetRequiredService<ZpkGate>();
        var (trial, mayEnd) = (
            new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously),
            new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
        );
        _zpk.OnGenerate = async () =>
        {
            trial.TrySetResult();
            await mayEnd.Task;
            return StubApi.Json(StubZpk.Accepted);
        };
        var first = (await worker.HandleAsync(Command())).Only<SubmitImages>();
        var second = (await worker.HandleAsync(Command())).Only<SubmitImages>();
        gate.Note(
            new ImageWorker.Zpk.GenerateOutcome.Busy("the circuit is open", TimeSpan.FromSeconds(2))
            {
                IsHeldBack = true,
            }
        );
        var calls = worker.Services.GetRequiredService<PendingCalls>();

        await using var running = Run(worker, first, second);
        await running.UntilAsync(_ => gate.Closed is null);
        await Eventually.EndsAsync(trial.Task);
        var (tried, waiting) = (_zpk.GenerateCalls, calls.Waiting(paid: true).Count);
        mayEnd.SetResult();
        await running.UntilAsync(_ => _zpk.GenerateCalls == 2);

        Assert.Equal((1, 1), (tried, waiting));
    }

    private static Task<int> PauseAsync(WorkerUnderTest worker, DateTimeOffset? since) =>
        worker.InDatabaseAsync(db =>
            db.CallPace.ExecuteUpdateAsync(
                row => row.SetProperty(pace => pace.PausedAt, since).SetProperty(pace => pace.PauseReason, "a test"),
                Ct
            )
        );

    private static Running Run(WorkerUnderTest worker, params SubmitImages[] calls) => new(worker, calls);

    /// <summary>The calls being made, while the clock goes on.</summary>
    private sealed class Running : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stopping = new();
        private readonly WorkerUnderTest _worker;
        private readonly PendingCalls _calls;
        private readonly Guid _first;
        private readonly Task _runs;
        private readonly Task _paces;

        public Running(WorkerUnderTest worker, SubmitImages[] calls)
        {
            (_worker, _calls, _first) = (
                worker,
                worker.Services.GetRequiredService<PendingCalls>(),
                calls[0].RequestId
            );
            foreach (var call in calls)
                _calls.Add(call);
            _paces = worker.Services.GetRequiredService<CallPace>().RunAsync(_stopping.Token);
            _runs = worker.Services.GetRequiredService<CallRunner>().RunAsync();
        }

        public Task UntilAsync(Func<ImageRequest, bool> condition) => Eventually.TrueAsync(() => HasAsync(condition));

        private async Task<bool> HasAsync(Func<ImageRequest, bool> condition)
        {
            // In small steps: to a call that is under way, it must not seem that this process stood still for long.
            _worker.Time.Advance(TimeSpan.FromMilliseconds(10));
            return condition((await _worker.FindAsync(_first))!);
        }

        public async ValueTask DisposeAsync()
        {
            _calls.Complete();
            // A call that still waits for its time is made.
            await UntilAsync(_ => _runs.IsCompleted);
            await _runs;
            await _stopping.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _paces);
            _stopping.Dispose();
        }
    }
}
