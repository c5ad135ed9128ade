using Npgsql;

namespace ImageWorker.IntegrationTests.Servers;

/// <summary>Databases of a PostgreSQL server, by its administration connection string.</summary>
internal static class Databases
{
    /// <summary>The longest name PostgreSQL keeps whole is 63 bytes; the unique end takes 33 of them.</summary>
    private const int LongestPrefix = 30;

    public static async Task<bool> AnswersAsync(string connectionString)
    {
        try
        {
            await using var connection = await OpenAsync(connectionString);
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    /// <summary>
    /// The connection string of a new database whose name starts with the prefix: an empty one, or a copy of one that
    /// nobody is connected to.
    /// </summary>
    public static async Task<string> CreateAsync(string administration, string prefix, string? copied = null)
    {
        var start = prefix.Length > LongestPrefix ? prefix[..LongestPrefix] : prefix;
        var name = $"{start}_{Guid.NewGuid():n}";
        await ExecuteAsync(
            administration,
            "CREATE DATABASE",
            name,
            copied is null ? "" : $"TEMPLATE {Quoted(NameIn(copied))}"
        );
        return new NpgsqlConnectionStringBuilder(administration) { Database = name }.ConnectionString;
    }

    public static async Task DropAsync(string administration, string connectionString)
    {
        await ExecuteAsync(administration, "DROP DATABASE IF EXISTS", NameIn(connectionString), "WITH (FORCE)");
    }

    private static string NameIn(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString).Database!;

    /// <summary>A name cannot be a parameter of these statements: it is quoted as an identifier.</summary>
    private static string Quoted(string name) => new NpgsqlCommandBuilder().QuoteIdentifier(name);

    private static async Task ExecuteAsync(string administration, string verb, string name, string options = "")
    {
        await using var connection = await OpenAsync(administration);
        await using var command = connection.CreateCommand();
        command.CommandText = $"{verb} {Quoted(name)} {options}";
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<NpgsqlConnection> OpenAsync(string connectionString)
    {
        // No pool: it would keep connections that a killed server no longer knows.
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false };
        var connection = new NpgsqlConnection(settings.ConnectionString);
        try
        {
            await connection.OpenAsync();
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
