using Testcontainers.PostgreSql;

namespace ImageWorker.IntegrationTests.Servers;

internal sealed class ContainerPostgres(PostgreSqlContainer container) : ContainerServer(container)
{
    private readonly PostgreSqlContainer _container = container;

    // Testcontainers turns durability off by itself; of a repeated option PostgreSQL takes the last.
    public ContainerPostgres()
        : this(
            new PostgreSqlBuilder("postgres:17")
                .WithPortBinding(LoopbackPort.Free(), PostgreSqlBuilder.PostgreSqlPort)
                .WithCommand("-c", "fsync=on")
                .WithCommand("-c", "full_page_writes=on")
                .WithCommand("-c", "synchronous_commit=on")
                .WithCommand("-c", "max_connections=200")
                .Build()
        ) { }

    public override string ConnectionString => $"{_container.GetConnectionString()};Include Error Detail=true";

    protected override Task<bool> AnswersAsync() => Databases.AnswersAsync(ConnectionString);
}
