using ImageWorker.IntegrationTests.Workers;
using Microsoft.Data.Sqlite;

namespace ImageWorker.IntegrationTests.Storage.Earlier;

/// <summary>An embedded worker's database, looked at from outside.</summary>
internal static class SqliteFile
{
    /// <summary>Has the executable bring the file in the folder, or a new one, to this version's schema.</summary>
    public static async Task MigrateAsync(EmptyFolder folder)
    {
        await using var migration = WorkerProgram.Start(["migrate"], [], folder.FullName);
        Assert.True(await migration.WaitForExitAsync() == 0, migration.Tail);
    }

    /// <summary>Runs statements and gives the first value of the first row, if they have any.</summary>
    public static async Task<object?> QueryAsync(string file, string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }
}
