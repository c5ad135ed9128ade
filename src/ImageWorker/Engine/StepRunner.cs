using System.Diagnostics;
using ImageWorker.Hosting;
using ImageWorker.Requests;
using ImageWorker.Saga;
using ImageWorker.Storage;
using ImageWorker.Submission;
using ImageWorker.Telemetry;
using MassTransit;
using MassTransit.Context;
using MassTransit.Saga;
using Microsoft.Extensions.Options;

namespace ImageWorker.Engine;

/// <summary>
/// Runs one step of a request: loads its row, lets the state machine decide, saves the result in one commit, and hands
/// on the work that follows. It locks nothing. If two steps of one request meet, the later one runs again on the result
/// of the first. To MassTransit it is the saga's repository.
/// </summary>
public sealed partial class StepRunner(
    RequestStore store,
    CommittedMessages outbox,
    PendingCalls calls,
    Turns turns,
    DueTimes dueTimes,
    StepRetries retries,
    IOptions<TelemetryOptions> telemetry,
    TimeProvider time,
    ILogger<StepRunner> logger
) : ISagaRepositoryContextFactory<ImageRequest>
{
    public async Task Send<T>(ConsumeContext<T> context, IPipe<SagaRepositoryContext<ImageRequest, T>> next)
        where T : class
    {
        if (RequestDoor.Caller is { IsStopped: false } caller)
            Activity.Current = caller;
        using var span = RequestTracing.StartProcess(context.Message, telemetry.Value.IncludePrompts);
        var arrival = (context.Message as CommandAsked)?.Arrival;
        var trace = span is null ? (arrival?.TraceParent, arrival?.TraceState) : (span.Id, span.TraceStateString);
        using var entry = context.Message is GenerateAsked asked ? turns.Enter(asked.Command) : null;
        try
        {
            // A command's place is in the broker's memory until it ends. The rest comes again from the request's row.
            var unit = await retries.ExecuteAsync(
                waitsForLocks: context.Message is CommandAsked,
                isRetry => StepAsync(context, next, trace, entry?.MustWait is true, isRetry),
                context.CancellationToken
            );
            span.Note(unit);
            FollowUp(unit, isTick: context.Message is RequestTick);
        }
        catch (RequestRemovedException)
        {
            span.NoteRemoved();
            Log.Removed(logger, context.CorrelationId);
        }
        catch (RequestLockedException) when (context.Message is not CommandAsked)
        {
            Log.Locked(logger, context.CorrelationId, typeof(T).Name);
        }
        catch (ClaimLostException)
        {
            Log.ClaimLost(logger, context.CorrelationId, typeof(T).Name);
        }
        catch (Exception exception) when (span.IsFailedBy(exception))
        {
            throw;
        }
    }

    public Task SendQuery<T>(
        ConsumeContext<T> context,
        ISagaQuery<ImageRequest> query,
        IPipe<SagaRepositoryQueryContext<ImageRequest, T>> next
    )
        where T : class => throw new NotSupportedException("A request is found by its id.");

    public void Probe(ProbeContext context) => context.Add("persistence", "entity framework");

    private async Task<UnitOfWork> StepAsync<T>(
        ConsumeContext<T> context,
        IPipe<SagaRepositoryContext<ImageRequest, T>> next,
        (string? Parent, string? State) trace,
        bool mustWait,
        bool isRetry
    )
        where T : class
    {
        var now = time.GetUtcNow();
        var unit = new UnitOfWork
        {
            Now = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond)),
            Ledger = (context.Message as SubmissionAnswer)?.Ledger,
            TraceParent = trace.Parent,
            TraceState = trace.State,
            MustWait = mustWait,
        };
        context.AddOrUpdatePayload(() => unit, _ => unit);
        await next.Send(new StepContext<T>(context, unit, store, isRetry));
        if (unit.HasChanges)
        {
            CrashPoints.Reach(CrashPoint.BeforeCommit);
            await store.SaveAsync(unit);
            CrashPoints.Reach(CrashPoint.AfterCommit);
        }
        return unit;
    }

    private void FollowUp(UnitOfWork unit, bool isTick)
    {
        using (isTick && unit.Change is not RowChange.None ? RequestTracing.StartTick(unit) : null)
        {
            foreach (var action in unit.AfterCommit)
                action();
        }
        outbox.Add(unit.Events);
        if (unit.Change is not RowChange.None)
        {
            var request = unit.Request!;
            if (!request.IsWaiting())
                dueTimes.Set(request.CorrelationId, request.Version, request.NextTickAt);
            else
            {
                turns.NoteWaiting();
                if (request.Command!.StartWithinSeconds is not null)
                    dueTimes.Set(request.CorrelationId, request.Version, request.Deadline);
            }
        }
        if (unit.Work.Count > 0)
            store.Keep(unit.Request!);
        foreach (var message in unit.Work)
            calls.Add(message);
    }

    private static partial class Log
    {
        [LoggerMessage(
            1,
            LogLevel.Warning,
            "Command {RequestId} is ignored: its request was closed and removed long ago (Retention:Requests)"
        )]
        public static partial void Removed(ILogger logger, Guid? requestId);

        [LoggerMessage(
            2,
            LogLevel.Warning,
            "Request {RequestId}: {Answer} came after another worker had taken the submission over, and is dropped; that one finds out how it ends"
        )]
        public static partial void ClaimLost(ILogger logger, Guid? requestId, string answer);

        [LoggerMessage(
            3,
            LogLevel.Debug,
            "Request {RequestId}: {Message} is dropped while another transaction has its rows locked; its timer has it done again"
        )]
        public static partial void Locked(ILogger logger, Guid? requestId, string message);
    }
}

public sealed class StepContext<T>(ConsumeContext<T> context, UnitOfWork unit, RequestStore store, bool isRetry)
    : ConsumeContextScope<T>(context),
        SagaRepositoryContext<ImageRequest, T>
    where T : class
{
    private readonly ConsumeContext<T> _consumed = context;

    /// <summary>Nearly every command is new, so it is inserted without a look; a repeat fails and runs again.</summary>
    private bool IsTakenForNew => !isRetry && _consumed.Message is GenerateAsked { Arrival.IsRedelivered: false };

    /// <summary>
    /// Answers always save, so a kept row will do. Commands and ticks may only look, so read the row.
    /// </summary>
    private Task<ImageRequest?> FindAsync(Guid id) =>
        _consumed.Message is SubmissionAnswer or ImagesChecked ? store.FindKeptAsync(id) : store.FindAsync(id);

    public Task<SagaConsumeContext<ImageRequest, T>> Add(ImageRequest instance) =>
        CreateSagaConsumeContext(_consumed, instance, SagaConsumeContextMode.Add);

    public Task<SagaConsumeContext<ImageRequest, T>> Insert(ImageRequest instance) => Add(instance);

    public async Task<SagaConsumeContext<ImageRequest, T>> Load(Guid correlationId)
    {
        if (IsTakenForNew || await FindAsync(correlationId) is not { } request)
            return null!;
        unit.Load(request);
        return await CreateSagaConsumeContext(_consumed, request, SagaConsumeContextMode.Load);
    }

    public Task Save(SagaConsumeContext<ImageRequest> context)
    {
        unit.Insert(context.Saga);
        return Task.CompletedTask;
    }

    public Task Update(SagaConsumeContext<ImageRequest> context)
    {
        unit.Update();
        return Task.CompletedTask;
    }

    public Task Delete(SagaConsumeContext<ImageRequest> context) =>
        throw new NotSupportedException("A request's row outlives its closing.");

    public Task Discard(SagaConsumeContext<ImageRequest> context) => Task.CompletedTask;

    public Task Undo(SagaConsumeContext<ImageRequest> context) => Task.CompletedTask;

    public Task<SagaConsumeContext<ImageRequest, TOther>> CreateSagaConsumeContext<TOther>(
        ConsumeContext<TOther> consumeContext,
        ImageRequest instance,
        SagaConsumeContextMode mode
    )
        where TOther : class =>
        Task.FromResult<SagaConsumeContext<ImageRequest, TOther>>(
            new DefaultSagaConsumeContext<ImageRequest, TOther>(consumeContext, instance)
        );
}
