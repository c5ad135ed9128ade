using System.Text.Json;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Commands;

/// <summary><c>send --file</c> against a broker.</summary>
[Collection(nameof(SharedWorker))]
public sealed class BatchTests(SharedWorkerFixture shared) : IDisposable
{
    private readonly WorkerUnderTest _worker = shared.Worker;
    private readonly EmptyFolder _folder = new();
    private readonly string _tag = $"{Guid.NewGuid():n}";

    [Fact]
    public async Task Each_row_ends_in_the_result_file_with_its_pictures_and_the_same_again_pays_nothing()
    {
        await WriteAsync("p.csv", $"prompt,count\na fox [tag {_tag}],2\na crow [tag {_tag}],\n");

        await using var first = Send("--file", "p.csv", "--out", "pictures", "--max-cost", "0.2");
        Assert.True(await first.WaitForExitAsync() == 0, first.Tail);
        await using var second = Send("--file", "p.csv", "--out", "pictures", "--max-cost", "0.2");
        Assert.True(await second.WaitForExitAsync() == 0, second.Tail);

        Assert.Equal(3, _worker.Zpk.ReadLedger(_tag).Totals.ImagesPaid);
        var results = await File.ReadAllLinesAsync(_folder.At("p.results.csv"), TestContext.Current.CancellationToken);
        Assert.Equal("row,requestId,state,reason,generated,failed,cost,maxCost,urls,files,errors", results[0]);
        var cells = results[1].Split(',');
        Assert.Equal(["1", "ready", "2", "0", "0.0760"], [cells[0], cells[2], cells[4], cells[5], cells[6]]);
        Assert.Equal("0.133333", cells[7]);
        Assert.Equal(2, cells[8].Split(' ').Length);
        Assert.All(cells[9].Split(' '), file => Assert.True(File.Exists(_folder.At($"pictures/{file}"))));
        Assert.StartsWith("row-0001-image-1-", cells[9].Split(' ')[1], StringComparison.Ordinal);
        Assert.Equal(3 + 2, _folder.FileNames.Count);
        Assert.Equal((2, 3, 0.114m), SumOf(second));
        Assert.StartsWith("Sending 0 of 2 rows to ", second.ErrorLines[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_row_that_fails_is_exit_code_1_and_the_others_are_done()
    {
        await WriteAsync(
            "p.jsonl",
            $"{{\"prompt\": \"a fox [policy] [tag {_tag}]\"}}\n{{\"prompt\": \"a crow [tag {_tag}]\"}}\n"
        );

        await using var send = Send("--file", "p.jsonl");

        Assert.Equal(1, await send.WaitForExitAsync());
        Assert.Equal("ImageWorker: 1 row failed", send.ErrorLines[^1]);
        var results = await ResultsAsync("p.results.jsonl");
        Assert.Equal(
            [("failed", "ContentPolicyViolation"), ("ready", "")],
            results.Select(row => (row.GetProperty("state").GetString(), row.GetProperty("reason").GetString()))
        );
    }

    [Fact]
    public async Task One_that_is_interrupted_leaves_what_it_knew_and_the_next_run_goes_on_and_pays_nothing_twice()
    {
        await WriteAsync(
            "p.jsonl",
            $"{{\"prompt\": \"a fox [tag {_tag}]\"}}\n{{\"prompt\": \"a crow [seconds 4] [tag {_tag}]\"}}\n"
        );
        await using var first = Send("--file", "p.jsonl");
        await first.WaitForLineAsync(line => line.StartsWith("row 1: ready", StringComparison.Ordinal));

        first.Signal(ProcessSignal.Interrupt);

        Assert.Equal(1, await first.WaitForExitAsync());
        Assert.Contains(
            "ImageWorker: 1 row still open; the same command goes on where it stopped, and pays nothing twice",
            first.ErrorLines,
            StringComparer.Ordinal
        );
        Assert.Equal(["ready", "open"], await StatesAsync("p.results.jsonl"));

        await using var second = Send("--file", "p.jsonl");
        Assert.True(await second.WaitForExitAsync() == 0, second.Tail);
        Assert.Equal(["ready", "ready"], await StatesAsync("p.results.jsonl"));
        var paid = _worker.Zpk.ReadLedger(_tag).Totals;
        Assert.Equal((2, 2, 0), (paid.Submissions, paid.ImagesPaid, paid.RepeatedIds));
    }

    [Fact]
    public async Task No_image_is_resent_past_the_budget_of_all_rows()
    {
        await WriteAsync(
            "p.csv",
            $"prompt\na fox [general-error 0] [tag {_tag}]\na crow [general-error 0] [tag {_tag}]\n"
        );

        await using var send = Send("--file", "p.csv", "--max-cost", "0.15");

        Assert.Equal(1, await send.WaitForExitAsync());
        Assert.InRange(SumOf(send).Cost, 0.076m, 0.15m);
        Assert.InRange(_worker.Zpk.ReadLedger(_tag).Totals.Charged, 0.076m, 0.15m);
    }

    [Fact]
    public async Task Without_its_result_file_the_next_run_is_answered_from_what_the_worker_knows()
    {
        await WriteAsync("p.csv", $"prompt\na fox [tag {_tag}]\n");
        await using var first = Send("--file", "p.csv");
        Assert.Equal(0, await first.WaitForExitAsync());
        File.Delete(_folder.At("p.results.csv"));

        await using var second = Send("--file", "p.csv");

        Assert.True(await second.WaitForExitAsync() == 0, second.Tail);
        Assert.Equal(1, _worker.Zpk.ReadLedger(_tag).Totals.ImagesPaid);
    }

    [Fact]
    public async Task One_that_is_killed_goes_on_with_the_budget_that_its_rows_were_sent_with()
    {
        await WriteAsync("p.csv", $"prompt\na fox [seconds 4] [tag {_tag}]\n");
        await using var first = Send("--file", "p.csv", "--max-cost", "0.3");
        await Eventually.HoldsAsync(() => _worker.Zpk.ReadLedger(_tag).Totals.Submissions == 1);
        await first.KillAsync();

        await using var second = Send("--file", "p.csv", "--max-cost", "0.2");

        Assert.True(await second.WaitForExitAsync() == 0, second.Tail);
        Assert.Equal((1, 1, 0.038m), SumOf(second));
        Assert.Equal(1, _worker.Zpk.ReadLedger(_tag).Totals.ImagesPaid);
    }

    [Fact]
    public async Task With_another_budget_and_without_its_result_file_it_says_so_and_the_same_budget_mends_it()
    {
        await WriteAsync("p.jsonl", $"{{\"prompt\": \"a fox [tag {_tag}]\"}}\n");
        await using var first = Send("--file", "p.jsonl", "--max-cost", "0.3");
        Assert.Equal(0, await first.WaitForExitAsync());
        File.Delete(_folder.At("p.results.jsonl"));

        await using var other = Send("--file", "p.jsonl", "--max-cost", "0.2");
        Assert.Equal(1, await other.WaitForExitAsync());
        Assert.StartsWith(
            "ImageWorker: 1 row sent before with another budget",
            other.ErrorLines[^1],
            StringComparison.Ordinal
        );
        Assert.Equal(["notSent"], await StatesAsync("p.results.jsonl"));

        await using var same = Send("--file", "p.jsonl", "--max-cost", "0.3");
        Assert.True(await same.WaitForExitAsync() == 0, same.Tail);
        Assert.Equal(["ready"], await StatesAsync("p.results.jsonl"));
        Assert.Equal((1, 1, 0.038m), SumOf(same));
        Assert.Equal(1, _worker.Zpk.ReadLedger(_tag).Totals.ImagesPaid);
    }

    [Fact]
    public async Task Nothing_is_sent_of_a_file_that_costs_too_much_or_has_a_bad_row_or_is_only_estimated()
    {
        await WriteAsync("p.csv", $"prompt,count\na fox [tag {_tag}],2\na crow [tag {_tag}],3\n");
        await WriteAsync("bad.csv", $"prompt,count\na fox [tag {_tag}],2\na crow [tag {_tag}],three\n");

        await using var costly = Send("--file", "p.csv", "--max-cost", "0.18");
        await using var bad = Send("--file", "bad.csv");
        await using var dry = Send("--file", "p.csv", "--dry-run");

        Assert.Equal(1, await costly.WaitForExitAsync());
        Assert.StartsWith("ImageWorker: 2 rows may cost 0.1900 EUR", costly.ErrorLines[^1], StringComparison.Ordinal);
        Assert.Equal(2, await bad.WaitForExitAsync());
        Assert.StartsWith(
            "ImageWorker: bad.csv, line 3, column 2: count is 'three'",
            Assert.Single(bad.ErrorLines),
            StringComparison.Ordinal
        );
        Assert.Equal(0, await dry.WaitForExitAsync());
        Assert.Equal(
            "{\"rows\":2,\"left\":2,\"images\":5,\"estimate\":0.1900,\"maxCost\":null}",
            Assert.Single(dry.OutputLines)
        );
        Assert.Equal(0, _worker.Zpk.ReadLedger(_tag).Totals.Submissions);
        Assert.Equal(["bad.csv", "p.csv"], _folder.FileNames);
    }

    [Fact]
    public async Task On_a_terminal_it_ends_with_a_sentence()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "Without util-linux there is no terminal to give it.");
        await WriteAsync("p.csv", $"prompt\na fox [tag {_tag}]\na crow [policy] [tag {_tag}]\n");
        var start = new System.Diagnostics.ProcessStartInfo(
            "script",
            ["-qec", $"dotnet '{WorkerProgram.Dll}' send --file p.csv", "/dev/null"]
        )
        {
            WorkingDirectory = _folder.FullName,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
        foreach (var (name, value) in _worker.Settings)
            start.Environment[name] = value;

        await using var send = ChildProcess.Start(start);

        Assert.Equal(1, await send.WaitForExitAsync());
        Assert.Contains(
            "2 of 2 rows, 1 image, 1 failed, 0.0760 EUR. Results: ",
            send.OutputLines[^1],
            StringComparison.Ordinal
        );
        Assert.Contains(
            send.OutputLines,
            line => line.Contains("row 2: failed (ContentPolicyViolation)", StringComparison.Ordinal)
        );
    }

    public void Dispose() => _folder.Dispose();

    private ChildProcess Send(params string[] arguments) =>
        WorkerProgram.Start(["send", .. arguments], _worker.Settings, _folder.FullName);

    private Task WriteAsync(string name, string text) =>
        File.WriteAllTextAsync(_folder.At(name), text, TestContext.Current.CancellationToken);

    private async Task<List<JsonElement>> ResultsAsync(string name) =>
        [
            .. (await File.ReadAllLinesAsync(_folder.At(name), TestContext.Current.CancellationToken)).Select(line =>
                JsonElement.Parse(line)
            ),
        ];

    private async Task<List<string?>> StatesAsync(string name) =>
        (await ResultsAsync(name)).ConvertAll(row => row.GetProperty("state").GetString());

    private static (int Closed, int Images, decimal Cost) SumOf(ChildProcess send)
    {
        var sum = JsonElement.Parse(Assert.Single(send.OutputLines));
        return (
            sum.GetProperty("closed").GetInt32(),
            sum.GetProperty("images").GetInt32(),
            sum.GetProperty("cost").GetDecimal()
        );
    }
}
