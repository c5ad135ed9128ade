using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using ImageWorker.Hosting;
using ImageWorker.Telemetry;
using MassTransit;

namespace ImageWorker.Engine;

/// <summary>What is known of the broker: what is wrong, which queues are consumed, and which events must wait.</summary>
public sealed partial class BrokerState : IReceiveEndpointObserver
{
    private const string Exchange = "exchange:";

    private readonly ConcurrentDictionary<string, bool> _consumed = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, BrokerProblem> _held = new(StringComparer.Ordinal);
    private readonly SaidOnce _faults = new();
    private readonly Queues _queues;
    private readonly ILogger<BrokerState> _logger;
    private volatile BrokerProblem? _blocking;
    private int _doubted;

    public BrokerState(Queues queues, IMeterFactory meters, ILogger<BrokerState> logger)
    {
        (_queues, _logger) = (queues, logger);
        meters
            .Create(WorkerMetrics.MeterName)
            .CreateObservableGauge(
                "imageworker.broker.problems",
                Count,
                null,
                "What is wrong with the broker, by kind."
            );
    }

    /// <summary>All that is wrong, the worst first; empty while the worker can take commands and publish every event.</summary>
    public IReadOnlyList<BrokerProblem> Problems =>
        _blocking is { } blocking ? [blocking]
        : IsConsuming ? [.. _held.Values]
        : [new(BrokerProblem.NotConsuming, "the worker does not consume its queues"), .. _held.Values];

    /// <summary>True while the broker delivers commands from every queue.</summary>
    public bool IsConsuming => _queues.All.All(_consumed.ContainsKey);

    /// <summary>True if there is something to find out: a queue is not consumed, events wait, or one was not delivered.</summary>
    public bool NeedsLook() => Interlocked.Exchange(ref _doubted, 0) > 0 || !IsConsuming || !_held.IsEmpty;

    /// <summary>Says that an event could not be delivered, whatever the reason.</summary>
    public void Doubt() => Interlocked.Exchange(ref _doubted, 1);

    /// <summary>Notes what keeps the worker from the broker; null if nothing does.</summary>
    public void Blocked(BrokerProblem? problem) => _blocking = problem;

    /// <summary>True if an outbox row's exchange cannot be published to.</summary>
    public bool IsHeld(string destination) => _held.ContainsKey(ExchangeIn(destination));

    /// <summary>Has the events of an exchange wait, and says so once.</summary>
    public void Hold(string exchange, BrokerProblem problem)
    {
        var before = _held.GetValueOrDefault(exchange);
        _held[exchange] = problem;
        if (problem != before)
            Log.EventsWait(_logger, exchange, problem.Text);
    }

    /// <summary>Lets the events of an exchange go on.</summary>
    public void Release(string exchange) => _held.TryRemove(exchange, out _);

    private static string ExchangeIn(string destination) =>
        destination.StartsWith(Exchange, StringComparison.Ordinal) ? destination[Exchange.Length..] : destination;

    public Task Ready(ReceiveEndpointReady ready)
    {
        // One that is not started has no consumer yet.
        if (ready.IsStarted)
        {
            _consumed[QueueOf(ready.InputAddress)] = true;
            _faults.IsNew(null);
        }
        return Task.CompletedTask;
    }

    public Task Stopping(ReceiveEndpointStopping stopping) => GoneAsync(stopping.InputAddress);

    public Task Completed(ReceiveEndpointCompleted completed) => GoneAsync(completed.InputAddress);

    public Task Faulted(ReceiveEndpointFaulted faulted)
    {
        var reason = faulted.Exception?.GetBaseException().Message ?? "for no reason that is known";
        lock (_faults)
        {
            if (faulted.Exception is not OperationCanceledException && _faults.IsNew(reason))
                Log.Faulted(_logger, QueueOf(faulted.InputAddress), reason);
        }
        return GoneAsync(faulted.InputAddress);
    }

    private Task GoneAsync(Uri address)
    {
        _consumed.TryRemove(QueueOf(address), out _);
        return Task.CompletedTask;
    }

    private IEnumerable<Measurement<int>> Count()
    {
        var worker = _blocking?.Kind ?? (IsConsuming ? null : BrokerProblem.NotConsuming);
        return BrokerProblem
            .KindsOfWorker.Select(kind => Measured(kind == worker ? 1 : 0, kind, ""))
            .Concat(
                BrokerTopology.EventExchanges.SelectMany(exchange =>
                    BrokerProblem.KindsOfExchange.Select(kind =>
                        Measured(_held.GetValueOrDefault(exchange)?.Kind == kind ? 1 : 0, kind, exchange)
                    )
                )
            );
    }

    private static Measurement<int> Measured(int value, string kind, string exchange) =>
        new(value, new("kind", kind), new("exchange", exchange));

    private static string QueueOf(Uri address) => address.Segments[^1];

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Events for {Exchange} wait in the outbox, others go on. {Problem}")]
        public static partial void EventsWait(ILogger logger, string exchange, string problem);

        [LoggerMessage(2, LogLevel.Warning, "{Queue} is not consumed: {Reason}; it is tried again")]
        public static partial void Faulted(ILogger logger, string queue, string reason);
    }
}
