using System.Diagnostics;
using System.Runtime.CompilerServices;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;
using Npgsql;

namespace ImageWorker.IntegrationTests.Storage.Earlier;

/// <summary>Makes the dumps of this version, by running its worker and killing it; README.md says when and how.</summary>
public sealed class EarlierMaking(TestServers servers)
{
    private const string ZpkState = "zpk.jsonl";

    private static readonly string Version =
        Environment.GetEnvironmentVariable("EARLIER_VERSION") ?? $"{TimeProvider.System.GetUtcNow():yyyy-MM-dd}";

    private readonly EarlierRequests _requests = new(Version);

    [Fact(Explicit = true)]
    public async Task A_PostgreSQL_database_of_this_version_is_made()
    {
        using var folder = new EmptyFolder();
        string sql;
        await using (var worker = await WorkerUnderTest.CreateAsync(servers, stateFile: folder.At(ZpkState)))
        {
            await MakeAsync(new MakingWorker(worker));
            var database = new NpgsqlConnectionStringBuilder(worker.Settings["ConnectionStrings__Postgres"]);
            sql = await DumpAsync(
                "pg_dump",
                [
                    "--no-owner",
                    "--no-privileges",
                    "--inserts",
                    $"--host={database.Host}",
                    $"--port={database.Port}",
                    $"--username={database.Username}",
                    database.Database!,
                ],
                new("PGTZ", "UTC"),
                new("PGPASSWORD", database.Password)
            );
        }

        Write(EarlierDump.Postgres, sql, folder);
    }

    [Fact(Explicit = true)]
    public async Task An_imageworker_db_of_this_version_is_made()
    {
        using var folder = new EmptyFolder();
        string sql;
        await using (var zpk = await WorkerUnderTest.StartZpkAsync(folder.At(ZpkState)))
        await using (var embedded = new EmbeddedMakingWorker(folder, zpk))
        {
            await MakeAsync(embedded);
            await embedded.SendAsync(_requests.Unread);
            sql = await DumpAsync("sqlite3", [embedded.File, ".dump"]);
        }

        Write(EarlierDump.Sqlite, sql, folder);
    }

    private async Task MakeAsync(IMakingWorker worker)
    {
        await using (var process = await worker.StartAsync(crashAt: null))
        {
            await worker.SendAsync(_requests.Removed);
            await StandsAsync(worker, _requests.Removed, "state = 'Closed'");
            await worker.QueryAsync("UPDATE requests SET closed_at = '2020-01-01 00:00:00+00'");
            await Eventually.PassesAsync(async () =>
                Assert.Equal(1L, await worker.QueryAsync("SELECT count(*) FROM inbox"))
            );

            await worker.SendAsync(_requests.Ready);
            await worker.SendAsync(_requests.Refused);
            await worker.CancelAsync(_requests.Withdrawn.RequestId);
            await worker.SendAsync(_requests.Generating);
            await worker.SendAsync(_requests.WaitingToResend);
            await StandsAsync(worker, _requests.Ready, "state = 'Closed' AND reason IS NULL");
            await StandsAsync(worker, _requests.Refused, "state = 'Closed' AND reason = 'RejectedByProvider'");
            await StandsAsync(worker, _requests.Withdrawn, "state = 'Withdrawn'");
            await StandsAsync(worker, _requests.Generating, "state = 'Generating'");
            await StandsAsync(worker, _requests.WaitingToResend, "CAST(images AS text) LIKE '%WaitingToResend%'");

            worker.Zpk.SetFaults(
                $"http-429 generate tag={_requests.Busy.RequestId:n}",
                $"reset generate after tag={_requests.Cancelled.RequestId:n}",
                $"latency 60 check tag={_requests.PastDeadline.RequestId:n}"
            );
            await worker.SendAsync(_requests.Busy);
            await worker.SendAsync(_requests.Cancelled);
            await StandsAsync(
                worker,
                _requests.Busy,
                "CAST(submissions AS text) LIKE '%\"Deferred\",\"inDoubt\":false%'"
            );
            await StandsAsync(
                worker,
                _requests.Cancelled,
                "CAST(submissions AS text) LIKE '%\"Deferred\",\"inDoubt\":true%'"
            );
            await worker.CancelAsync(_requests.Cancelled.RequestId);
            await StandsAsync(worker, _requests.Cancelled, "state = 'Closing'");
            await worker.SendAsync(_requests.PastDeadline);
            await StandsAsync(worker, _requests.PastDeadline, "state = 'Closing'");
            await Eventually.PassesAsync(async () =>
                Assert.Equal(0L, await worker.QueryAsync("SELECT count(*) FROM outbox"))
            );
            await process.Process.KillAsync();
        }

        await DieAsync(worker, _requests.DiedBeforeCall, "BeforeCall");
        await DieAsync(worker, _requests.DiedAfterCall, "AfterCall");
        await DieAsync(worker, _requests.Undelivered, "AfterCommit:3");

        foreach (
            var (expected, rows) in new[]
            {
                (3L, "requests WHERE state = 'Submitting'"),
                (2L, "requests WHERE state = 'Generating'"),
                (2L, "requests WHERE state = 'Closing'"),
                (3L, "requests WHERE state = 'Closed'"),
                (1L, "requests WHERE state = 'Withdrawn'"),
                (3L, "submissions WHERE state = 'Started'"),
                (1L, "submissions WHERE state = 'Released'"),
                (1L, "submissions WHERE state = 'Refused'"),
                (2L, $"outbox WHERE {Is("correlation_id", _requests.Undelivered)}"),
                (1L, "inbox"),
                (1L, "submission_pace WHERE next_at > '2020-01-01 00:00:00+00'"),
            }
        )
        {
            Assert.Equal((expected, rows), (await worker.QueryAsync($"SELECT count(*) FROM {rows}"), rows));
        }
    }

    private static async Task DieAsync(IMakingWorker worker, GenerateImages command, string where)
    {
        await using var dying = await worker.StartAsync(where);
        await worker.SendAsync(command);
        Assert.Equal(WorkerUnderTest.KilledBySignal9, await dying.Process.WaitForExitAsync());
    }

    private static Task StandsAsync(IMakingWorker worker, GenerateImages command, string condition) =>
        Eventually.PassesAsync(async () =>
            Assert.True(
                await worker.QueryAsync($"SELECT count(*) FROM requests WHERE {Is("id", command)} AND {condition}")
                    is 1L,
                $"{command.RequestId}: {condition}"
            )
        );

    // SQLite has ids in upper case.
    private static string Is(string column, GenerateImages command) =>
        $"lower(CAST({column} AS text)) = '{command.RequestId}'";

    private static async Task<string> DumpAsync(
        string program,
        string[] arguments,
        params KeyValuePair<string, string?>[] environment
    )
    {
        var startInfo = new ProcessStartInfo(program, arguments);
        foreach (var (name, value) in environment)
        {
            startInfo.Environment[name] = value;
        }

        await using var dump = ChildProcess.Start(startInfo);
        Assert.True(await dump.WaitForExitAsync() == 0, dump.Tail);
        // What begins with a backslash is for psql alone.
        return string.Join('\n', dump.OutputLines.Where(line => !line.StartsWith('\\'))).Trim() + "\n";
    }

    private static void Write(string database, string sql, EmptyFolder made, [CallerFilePath] string source = "")
    {
        var folder = Path.Combine(Path.GetDirectoryName(source)!, Version);
        Directory.CreateDirectory(folder);
        var since = EarlierDump.TakenAt(Version) - TimeProvider.System.GetUtcNow();
        Keep(EarlierDump.ZpkFile(database), File.ReadAllText(made.At(ZpkState)));
        // The events in the outbox name the machine.
        Keep(EarlierDump.SqlFile(database), sql.Replace(Environment.MachineName, "worker", StringComparison.Ordinal));

        void Keep(string file, string text) =>
            File.WriteAllText(Path.Combine(folder, file), EarlierDump.Moved(text, since));
    }
}
