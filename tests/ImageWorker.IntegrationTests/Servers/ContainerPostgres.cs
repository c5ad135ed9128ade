using Testcontainers.PostgreSql;

namespace ImageWorker.IntegrationTests.Servers;

internal sealed class ContainerPostgres : ContainerServer
{
    // No word that stands elsewhere: tests look for it where no password may be.
    private static readonly string Password = $"{Guid.NewGuid():n}";

    public ContainerPostgres()
        : this(LoopbackPort.Free()) { }

    // Testcontainers turns durability off by itself; of a repeated option PostgreSQL takes the last.
    private ContainerPostgres(int port)
        : base(
            new PostgreSqlBuilder("postgres:17")
                .WithPortBinding(port, PostgreSqlBuilder.PostgreSqlPort)
                .WithPassword(Password)
                .WithCommand("-c", "fsync=on")
                .WithCommand("-c", "full_page_writes=on")
                .WithCommand("-c", "synchronous_commit=on")
                .WithCommand("-c", "max_connections=200")
                .Build(),
            port
        ) =>
        ConnectionString =
            $"Host={Host};Port={port};Database={PostgreSqlBuilder.DefaultDatabase};"
            + $"Username={PostgreSqlBuilder.DefaultUsername};Password={Password};"
            + "Include Error Detail=true";

    public override string ConnectionString { get; }

    protected override Task<bool> AnswersAsync() => Databases.AnswersAsync(ConnectionString);
}
