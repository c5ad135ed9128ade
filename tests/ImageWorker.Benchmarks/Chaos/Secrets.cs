using System.Text;
using Npgsql;

namespace ImageWorker.Benchmarks.Chaos;

/// <summary>The workers' secrets of one run, to be found again wherever they got to.</summary>
public sealed class Secrets
{
    private readonly List<string> _places = [];

    public string ApiKey { get; } = $"zpk-{Guid.NewGuid():n}";

    public string BrokerPassword { get; } = $"rabbit-{Guid.NewGuid():n}";

    public string DatabasePassword { get; } = $"postgres-{Guid.NewGuid():n}";

    /// <summary>Where one was found.</summary>
    public IReadOnlyList<string> Places => _places;

    /// <summary>Looks for each of them, as it is and as Base64 has it.</summary>
    public void LookIn(string place, string text)
    {
        foreach (var secret in new[] { ApiKey, BrokerPassword, DatabasePassword })
        {
            if (
                text.Contains(secret, StringComparison.OrdinalIgnoreCase)
                || text.Contains(Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)), StringComparison.Ordinal)
            )
                _places.Add($"{place}: {text.Replace(secret, "***", StringComparison.OrdinalIgnoreCase)}");
        }
    }

    /// <summary>Looks into every row of every table, whatever tables there are.</summary>
    public async Task<int> LookInDatabaseAsync(string postgres, CancellationToken ct)
    {
        await using var database = NpgsqlDataSource.Create(postgres);
        var tables = await ReadAsync(
            database,
            "SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema')",
            ct
        );
        var rows = 0;
        foreach (var table in tables)
        {
            foreach (var row in await ReadAsync(database, $"SELECT row_to_json(t)::text FROM {table} t", ct))
            {
                LookIn($"table {table}", row);
                rows++;
            }
        }
        return rows;
    }

    private static async Task<List<string>> ReadAsync(NpgsqlDataSource database, string sql, CancellationToken ct)
    {
        await using var command = database.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var values = new List<string>();
        while (await reader.ReadAsync(ct))
            values.Add(reader.GetString(0));
        return values;
    }
}
