using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;
using Npgsql;

namespace ImageWorker.IntegrationTests.Commands;

public sealed class MigrateTests(TestServers servers)
{
    [Fact]
    public async Task It_needs_the_database_alone_and_creates_it_only_when_told()
    {
        var name = $"new_{Guid.NewGuid():n}";
        var postgres = new NpgsqlConnectionStringBuilder(await servers.CreateDatabaseAsync("migrate"))
        {
            Database = name,
        }.ConnectionString;
        KeyValuePair<string, string?>[] settings = [new("ConnectionStrings__Postgres", postgres)];

        await using var refused = WorkerProgram.Start(["migrate"], settings);
        Assert.Equal(1, await refused.WaitForExitAsync());
        await using var tooEarly = WorkerProgram.Start(["requests", "list"], settings);
        Assert.Equal(1, await tooEarly.WaitForExitAsync());
        await using var created = WorkerProgram.Start(["migrate", "--create-database"], settings);
        Assert.Equal(0, await created.WaitForExitAsync());
        await using var again = WorkerProgram.Start(["migrate"], settings);
        Assert.Equal(0, await again.WaitForExitAsync());
        await using var list = WorkerProgram.Start(["requests", "list", "--json"], settings);
        Assert.Equal(0, await list.WaitForExitAsync());

        Assert.Contains(
            $"there is no database '{name}'. Create it, or run 'ImageWorker migrate --create-database'.",
            Assert.Single(refused.Lines),
            StringComparison.Ordinal
        );
        Assert.Equal(
            $"ImageWorker: there is no database '{name}', run 'ImageWorker migrate --create-database'",
            Assert.Single(tooEarly.Lines)
        );
        Assert.Equal("The schema is current.", Assert.Single(again.Lines));
        Assert.Equal("[]", Assert.Single(list.Lines));
        await Databases.DropAsync(postgres.Replace(name, "postgres", StringComparison.Ordinal), postgres);
    }
}
