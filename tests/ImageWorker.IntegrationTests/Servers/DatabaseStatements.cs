using Npgsql;

namespace ImageWorker.IntegrationTests.Servers;

internal static class DatabaseStatements
{
    /// <summary>Runs one statement and gives the first value of its first row, if it has any.</summary>
    public static async Task<object?> RunAsync(this NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }
}
