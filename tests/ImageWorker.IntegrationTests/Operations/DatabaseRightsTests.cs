using System.Text.RegularExpressions;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Deploy;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;
using Npgsql;

namespace ImageWorker.IntegrationTests.Operations;

/// <summary>The role that <c>deploy/postgres/worker-role.sql</c> gives to the workers is enough, and no more than that.</summary>
public sealed partial class DatabaseRightsTests(TestServers servers)
{
    private const string Postgres = "ConnectionStrings__Postgres";
    private const string Password = "password";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_worker_works_and_changes_no_table(bool migratedBefore)
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers, migrated: migratedBefore);
        var role = await AddRoleAsync(worker);
        if (!migratedBefore)
        {
            await worker.MigrateAsync();
        }

        await using var started = await worker.StartAsync(KeyValuePair.Create(Postgres, (string?)role));
        var command = WorkerUnderTest.Command("a red fox");
        (await worker.CloseAsync(command)).As<ImagesReady>();

        await using var database = NpgsqlDataSource.Create(role);
        foreach (
            var change in (string[])
                [
                    "CREATE TABLE mine (id int)",
                    "ALTER TABLE requests ADD mine int",
                    "DROP TABLE requests",
                    "TRUNCATE requests",
                ]
        )
        {
            var refused = await Assert.ThrowsAsync<PostgresException>(() => database.RunAsync(change));
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
        }

        // Roles outlast the database.
        var name = new NpgsqlConnectionStringBuilder(role).Username;
        await worker.QueryAsync($"DROP OWNED BY {name}");
        await worker.QueryAsync($"DROP ROLE {name}");
    }

    /// <summary>Runs the file as its owner would, under a name that no other test uses.</summary>
    private static async Task<string> AddRoleAsync(WorkerUnderTest worker)
    {
        var file = await File.ReadAllTextAsync(
            Checkout.At("deploy/postgres/worker-role.sql"),
            TestContext.Current.CancellationToken
        );
        var role = $"worker_{Guid.NewGuid():n}";
        await using var database = NpgsqlDataSource.Create(worker.Settings[Postgres]!);
        await database.RunAsync("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
        await database.RunAsync(
            PsqlCommand()
                .Replace(file, "")
                .Replace(":'password'", $"'{Password}'", StringComparison.Ordinal)
                .Replace("imageworker_worker", role, StringComparison.Ordinal)
        );
        return new NpgsqlConnectionStringBuilder(worker.Settings[Postgres])
        {
            Username = role,
            Password = Password,
        }.ConnectionString;
    }

    [GeneratedRegex(@"(?m)^\\.*$", RegexOptions.None, 1000)]
    private static partial Regex PsqlCommand();
}
