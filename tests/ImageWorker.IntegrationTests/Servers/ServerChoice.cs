namespace ImageWorker.IntegrationTests.Servers;

/// <summary>Where a server comes from: a connection string in the environment, Docker, or the machine's own binaries, in
/// this order. A test never passes for want of a server: with none of them it fails.</summary>
internal static class ServerChoice
{
    // Given: whether the environment may name a server that somebody else runs.
    public static IRabbitMqServer RabbitMq(bool given) =>
        Given(given, "ConnectionStrings__RabbitMq") ?? OwnRabbitMq(authority: null);

    /// <summary>Takes TLS alone, on a port that is not the one for it; never one that somebody else runs.</summary>
    public static IRabbitMqServer SecureRabbitMq(TestAuthority authority) => OwnRabbitMq(authority);

    public static IServer Postgres(bool given) =>
        Given(given, "ConnectionStrings__Postgres")
        ?? (
            ContainerServer.IsAvailable ? new ContainerPostgres()
            : InstalledPostgres.IsInstalled ? (IServer)new InstalledPostgres()
            : throw Nothing("PostgreSQL", "ConnectionStrings__Postgres", "postgresql")
        );

    /// <summary>Before a PostgreSQL server, whoever runs that one.</summary>
    public static InstalledPgBouncer PgBouncer(string target)
    {
        Assert.SkipUnless(
            InstalledPgBouncer.IsInstalled,
            "PgBouncer is not installed; tests/run.sh installs it on Debian."
        );
        return new(target);
    }

    private static IRabbitMqServer OwnRabbitMq(TestAuthority? authority) =>
        ContainerServer.IsAvailable ? new ContainerRabbitMq(authority)
        : InstalledRabbitMq.IsInstalled ? new InstalledRabbitMq(authority)
        : throw Nothing("RabbitMQ", "ConnectionStrings__RabbitMq", "rabbitmq-server");

    private static GivenServer? Given(bool allowed, string variable) =>
        allowed && Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value
            ? new GivenServer(value)
            : null;

    private static InvalidOperationException Nothing(string server, string variable, string package) =>
        new(
            $"No {server} to test against: set {variable}, start Docker, or install the Debian package {package} "
                + "(tests/run.sh does). Tests that stop servers need one of the last two."
        );
}
