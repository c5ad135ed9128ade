using ImageWorker.Hosting;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace ImageWorker.Engine;

/// <summary>
/// Tries the way to the broker before MassTransit takes it. MassTransit gives up for good when its login is refused, and
/// tells every failure with a stack trace. So it connects only once a connection of our own has succeeded, and all that
/// it needs is declared.
/// </summary>
public sealed partial class BrokerRoad(
    Connections connections,
    BrokerTopology topology,
    PrefetchedMessages prefetched,
    BrokerState state,
    IHostApplicationLifetime lifetime,
    TimeProvider time,
    ILogger<BrokerRoad> logger
)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(10);

    private int _opening;

    private string Address =>
        connections.RabbitMq ?? throw new InvalidOperationException("An embedded worker has no broker.");

    /// <summary>Returns once the worker can connect. Says what it waits for, once.</summary>
    public async Task OpenAsync()
    {
        var stopping = lifetime.ApplicationStopping;
        var said = new SaidOnce();
        Interlocked.Increment(ref _opening);
        try
        {
            while (true)
            {
                var problem = await TryAsync(stopping);
                state.Blocked(problem);
                if (problem is null)
                    return;
                // What keeps it from being reached is put differently from one try to the next.
                if (said.IsNew(problem.Kind is BrokerProblem.Unreachable ? problem.Kind : problem.Text))
                    Log.Waiting(logger, problem.Text);
                await Task.Delay(Pause, time, stopping);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _opening);
        }
    }

    /// <summary>
    /// Looks after what MassTransit does not: exchanges that somebody mended, and a bus that stays deaf although the
    /// broker answers.
    /// </summary>
    /// <returns>Ends only when it is stopped.</returns>
    /// <exception cref="InvalidOperationException">The bus does not recover. A new process would.</exception>
    public async Task WatchAsync(CancellationToken stopping)
    {
        var deafness = new Deafness(time);
        while (true)
        {
            await Task.Delay(WatchInterval, time, stopping);
            var isDeaf = false;
            if (state.NeedsLook())
            {
                var answers = Volatile.Read(ref _opening) == 0 && await TryAsync(stopping) is null;
                isDeaf = answers && !state.IsConsuming;
            }
            if (deafness.Lasts(isDeaf))
                throw new InvalidOperationException(
                    $"RabbitMQ answers, but its queues have not been consumed for {Deafness.Patience.TotalMinutes} minutes. A new process can."
                );
        }
    }

    /// <summary>Connects and declares. Gives what keeps the worker from the broker; null if nothing does.</summary>
    private async Task<BrokerProblem?> TryAsync(CancellationToken stopping)
    {
        try
        {
            await using var connection = await BrokerHost
                .Factory(Address)
                .CreateConnectionAsync("ImageWorker, looking", stopping);
            await topology.DeclareQueuesAsync(connection, stopping);
            foreach (var exchange in BrokerTopology.EventExchanges)
                await DeclareEventAsync(connection, exchange, stopping);
            await prefetched.CheckAsync(connection, stopping);
            return null;
        }
        catch (Exception exception) when (!stopping.IsCancellationRequested)
        {
            return BrokerProblem.Of(exception, Address);
        }
    }

    /// <summary>An exchange that is declared otherwise, or that the worker has no right to, holds up its own events alone.</summary>
    private async Task DeclareEventAsync(IConnection connection, string exchange, CancellationToken stopping)
    {
        try
        {
            await topology.DeclareEventAsync(connection, exchange, stopping);
            state.Release(exchange);
        }
        catch (OperationInterruptedException exception)
            when (BrokerProblem.Of(exception, Address)
                    is { Kind: BrokerProblem.ExchangeDeclaredOtherwise or BrokerProblem.RightMissing } problem
            )
        {
            state.Hold(exchange, problem);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Waiting: {Problem}; it is tried again until it works")]
        public static partial void Waiting(ILogger logger, string problem);
    }
}
