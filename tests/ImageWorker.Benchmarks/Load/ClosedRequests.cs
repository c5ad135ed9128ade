using Npgsql;

namespace ImageWorker.Benchmarks.Load;

/// <summary>The long tables of a worker that has run for a while: closed requests of 2 images with their ledger rows.</summary>
public static class ClosedRequests
{
    private const int Batch = 250_000;

    public static async Task FillAsync(string postgres, int count, CancellationToken ct)
    {
        await using var source = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(postgres) { CommandTimeout = 0 }
        );
        for (var done = 0; done < count; done += Batch)
        {
            var last = Math.Min(done + Batch, count);
            await using var insert = source.CreateCommand(
                $$"""
                WITH ids AS (SELECT gen_random_uuid() AS id FROM generate_series({{done}} + 1, {{last}})),
                closed AS (
                    INSERT INTO requests
                        (id, state, version, command, requested_at, deadline, closed_at, errors, images, submissions)
                    SELECT id, 'Closed', 3, '{"prompt":"a load of foxes","count":2}', now(), now(), now(), '[]',
                        '[{"number":0,"state":"Generated"},{"number":1,"state":"Generated"}]', '[]'
                    FROM ids)
                INSERT INTO submissions (id, request_id, state, owner, lease_until, started_at, calls)
                SELECT left(md5(id::text), 16), id, 'Accepted', id, now(), now(), 1 FROM ids
                """
            );
            await insert.ExecuteNonQueryAsync(ct);
        }
        await using var vacuum = source.CreateCommand("VACUUM ANALYZE");
        await vacuum.ExecuteNonQueryAsync(ct);
    }
}
