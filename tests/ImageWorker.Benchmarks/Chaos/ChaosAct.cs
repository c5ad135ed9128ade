namespace ImageWorker.Benchmarks.Chaos;

/// <summary>What a chaos run does to workers, servers and the network between them.</summary>
public enum ChaosAct
{
    /// <summary>A worker gets <c>kill -9</c>, and another is started.</summary>
    Kill,

    /// <summary>The same, and the new one's clock is an hour ahead or behind.</summary>
    WrongClock,

    /// <summary>A worker is frozen (SIGSTOP) for 1 to 20 s.</summary>
    Freeze,

    /// <summary>Every connection to RabbitMQ is cut.</summary>
    ConnectionCut,

    /// <summary>PostgreSQL ends two of the workers' sessions a second, for 5 s.</summary>
    SessionsEnded,

    /// <summary>
    /// All connections to RabbitMQ, PostgreSQL or ZPK fall silent, in one direction or both, and are not ended.
    /// </summary>
    Silence,

    /// <summary>RabbitMQ is stopped for a while.</summary>
    BrokerRestart,

    /// <summary>PostgreSQL is killed, and is away for a while.</summary>
    DatabaseRestart,
}
