using Npgsql;

namespace ImageWorker.Benchmarks.Load;

/// <summary>What a database has done so far.</summary>
/// <param name="Transactions">Committed and rolled back.</param>
/// <param name="WalBytes">Written to the log.</param>
/// <param name="ScannedRows">Rows read without an index: what grows with the tables.</param>
public sealed record DatabaseCounts(long Transactions, long WalBytes, long ScannedRows)
{
    public static async Task<DatabaseCounts> ReadAsync(string postgres, CancellationToken ct)
    {
        // Sessions report their counts with a delay of up to a second.
        await Task.Delay(TimeSpan.FromSeconds(1.5), ct);
        await using var source = NpgsqlDataSource.Create(postgres);
        await using var command = source.CreateCommand(
            """
            SELECT xact_commit + xact_rollback, (pg_current_wal_lsn() - '0/0')::bigint,
                (SELECT sum(seq_tup_read)::bigint FROM pg_stat_user_tables)
            FROM pg_stat_database WHERE datname = current_database()
            """
        );
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return new(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
    }
}
