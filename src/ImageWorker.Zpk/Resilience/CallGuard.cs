using ImageWorker.Zpk.Wire;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;

namespace ImageWorker.Zpk.Resilience;

/// <summary>
/// The circuit breaker that both calls share, and the retries of check-status. A generate call is never retried:
/// its failure may hide a payment.
/// </summary>
internal sealed class CallGuard
{
    // A longer wait is the caller's to plan, not one to sit out inside a call.
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly CircuitBreakerStateProvider _state = new();
    private readonly ResiliencePipeline<Reply> _circuit;
    private readonly ResiliencePipeline<Reply> _retries;
    private readonly ZpkOptions _options;
    private readonly TimeProvider _time;

    public CallGuard(ZpkOptions options, TimeProvider time, ILoggerFactory logging)
    {
        _options = options;
        _time = time;
        _circuit = Builder("zpk-circuit", logging).AddCircuitBreaker(Circuit(options, _state)).Build();
        _retries =
            options.CheckRetries > 0
                ? Builder("zpk-check-retries", logging).AddRetry(Retries(options)).Build()
                : ResiliencePipeline<Reply>.Empty;
    }

    public bool IsOpen => _state.CircuitState is CircuitState.Open;

    /// <summary>Makes the call once, or not at all while the circuit is open.</summary>
    public async Task<Reply> OnceAsync(Func<CancellationToken, Task<Reply>> call, CancellationToken ct)
    {
        try
        {
            return await _circuit.ExecuteAsync(async token => await call(token), ct);
        }
        catch (BrokenCircuitException e)
        {
            return new Reply.NotSent("the circuit is open after repeated failures: no call was made", e.RetryAfter)
            {
                IsHeldBack = true,
            };
        }
    }

    /// <summary>Makes the call until it has an answer, within the retries and the time that the options give.</summary>
    public async Task<Reply> RetriedAsync(Func<CancellationToken, Task<Reply>> call, CancellationToken ct)
    {
        Reply last = new Reply.Lost($"no answer within {_options.CheckTotalTimeout}");
        using var deadline = new CancellationTokenSource(_options.CheckTotalTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, deadline.Token);
        try
        {
            return await _retries.ExecuteAsync(async token => last = await OnceAsync(call, token), either.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return last;
        }
    }

    private ResiliencePipelineBuilder<Reply> Builder(string name, ILoggerFactory logging)
    {
        var builder = new ResiliencePipelineBuilder<Reply> { Name = name, TimeProvider = _time };
        builder.ConfigureTelemetry(logging);
        return builder;
    }

    private static CircuitBreakerStrategyOptions<Reply> Circuit(
        ZpkOptions options,
        CircuitBreakerStateProvider state
    ) =>
        new()
        {
            StateProvider = state,
            FailureRatio = options.BreakerFailureRatio,
            MinimumThroughput = options.BreakerMinimumCalls,
            SamplingDuration = options.BreakerWindow,
            BreakDuration = options.BreakerPause,
            ShouldHandle = args => ValueTask.FromResult(args.Outcome.Result is { IsFailure: true }),
        };

    private static RetryStrategyOptions<Reply> Retries(ZpkOptions options) =>
        new()
        {
            MaxRetryAttempts = options.CheckRetries,
            Delay = options.CheckRetryDelay,
            MaxDelay = LongestPause,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            ShouldHandle = args =>
                ValueTask.FromResult(
                    args.Outcome.Result is { } reply
                        && Outcomes.OfCheck(reply) is CheckOutcome.Unavailable unavailable
                        && (unavailable.RetryAfter ?? TimeSpan.Zero) <= LongestPause
                ),
            DelayGenerator = args =>
                ValueTask.FromResult(
                    args.Outcome.Result is { } reply && Outcomes.OfCheck(reply) is CheckOutcome.Unavailable unavailable
                        ? unavailable.RetryAfter
                        : null
                ),
        };
}
