using ImageWorker.IntegrationTests.Servers;
using Npgsql;

namespace ImageWorker.Benchmarks.Chaos;

/// <summary>Servers of our own: never ones that somebody else runs, since they are restarted.</summary>
public sealed class ChaosServers() : ServersFixture(given: false)
{
    /// <summary>The connection string of a new database for a user of its own, with a password.</summary>
    public async Task<string> CreateOwnedDatabaseAsync(string user, string password)
    {
        var created = new NpgsqlConnectionStringBuilder(await CreateDatabaseAsync(user));
        await using var database = NpgsqlDataSource.Create(created.ConnectionString);
        await using var command = database.CreateCommand(
            $"""
            CREATE ROLE {user} LOGIN PASSWORD '{password}';
            ALTER DATABASE "{created.Database}" OWNER TO {user};
            """
        );
        await command.ExecuteNonQueryAsync();
        (created.Username, created.Password) = (user, password);
        return created.ConnectionString;
    }
}
