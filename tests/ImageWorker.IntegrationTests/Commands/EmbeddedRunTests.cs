using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;
using ImageWorker.ZpkSimulator;
using ImageWorker.ZpkSimulator.Ledger;

namespace ImageWorker.IntegrationTests.Commands;

/// <summary>The worker with nothing but a folder.</summary>
public sealed class EmbeddedRunTests : IAsyncLifetime
{
    private readonly EmptyFolder _folder = new();
    private readonly Guid _id = Guid.NewGuid();
    private ZpkSimulatorServer? _zpk;

    private ZpkSimulatorServer Zpk => _zpk ?? throw new InvalidOperationException("It is not started.");

    private LedgerTotals Paid => Zpk.ReadLedger($"{_id:n}").Totals;

    public async ValueTask InitializeAsync() => _zpk = await WorkerUnderTest.StartZpkAsync();

    public async ValueTask DisposeAsync()
    {
        await Zpk.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task With_no_configuration_it_says_so_first_and_works_for_send_in_the_same_folder()
    {
        await using var worker = WorkerProgram.StartWorker([], _folder.FullName);
        await worker.ReadyAsync();
        Assert.Contains("Embedded", worker.Process.Lines[0], StringComparison.Ordinal);

        await using var send = WorkerProgram.Start(
            ["send", "a red fox [seconds 0.3]", "--count", "2"],
            [],
            _folder.FullName
        );

        var ready = await ClosingLine.ReadyAsync(send);
        Assert.Equal(2, ready.Images.Count(image => image.Status is ImageStatus.Generated));
        Assert.Contains("imageworker.db", _folder.FileNames, StringComparer.Ordinal);
    }

    [Fact]
    public async Task A_command_sent_while_no_worker_runs_is_done_by_the_next_one()
    {
        await using var send = await SendAsync();
        await using var list = WorkerProgram.Start(["requests", "list"], [], _folder.FullName);
        Assert.Equal(0, await list.WaitForExitAsync());
        Assert.StartsWith(
            $"{_id}\tSent\t\t0 of 1\t0.0000\t",
            Assert.Single(list.OutputLines),
            StringComparison.Ordinal
        );

        await using var worker = Run();

        Assert.Single((await ClosingLine.ReadyAsync(send)).Images);
        Assert.Equal((1, 1, 0), (Paid.Submissions, Paid.ImagesPaid, Paid.RepeatedIds));
    }

    [Fact]
    public async Task Two_that_use_one_id_for_different_things_are_each_told_their_own_outcome()
    {
        await using var worker = Run();
        await using var first = await SendAsync();
        await Eventually.HoldsAsync(() => Paid.Submissions == 1);

        await using var second = WorkerProgram.Start(
            ["send", "a blue fox", "--request-id", $"{_id}"],
            [],
            _folder.FullName
        );

        Assert.Equal("REQUEST_ID_REUSED", Assert.Single((await ClosingLine.FailedAsync(second)).Errors).Id);
        Assert.Single((await ClosingLine.ReadyAsync(first)).Images);
    }

    [Fact]
    public async Task A_send_that_is_interrupted_says_that_the_request_goes_on_and_how_to_follow_it()
    {
        await using var send = await SendAsync();

        send.Signal(ProcessSignal.Interrupt);

        Assert.Equal(1, await send.WaitForExitAsync());
        Assert.StartsWith(
            $"ImageWorker: request {_id} goes on. See it with 'ImageWorker requests show {_id}', ",
            send.ErrorLines[^1],
            StringComparison.Ordinal
        );
        Assert.Empty(send.OutputLines);
    }

    [Fact]
    public async Task The_rows_of_a_file_are_done_and_one_whose_id_is_anothers_is_refused()
    {
        await using var worker = Run();
        await using var other = await SendAsync();
        await File.WriteAllTextAsync(
            _folder.At("p.jsonl"),
            $"{{\"prompt\": \"a crow\", \"count\": 2}}\n{{\"requestId\": \"{_id}\", \"prompt\": \"a blue fox\"}}\n",
            TestContext.Current.CancellationToken
        );

        await using var send = WorkerProgram.Start(
            ["send", "--file", "p.jsonl", "--out", "."],
            WorkerUnderTest.QuickSettings(Zpk),
            _folder.FullName
        );

        Assert.Equal(1, await send.WaitForExitAsync());
        Assert.Single((await ClosingLine.ReadyAsync(other)).Images);
        var results = await File.ReadAllLinesAsync(
            _folder.At("p.results.jsonl"),
            TestContext.Current.CancellationToken
        );
        Assert.Contains("\"state\":\"ready\"", results[0], StringComparison.Ordinal);
        Assert.Contains("REQUEST_ID_REUSED", results[1], StringComparison.Ordinal);
        Assert.Equal(2, _folder.FileNames.Count(name => name.StartsWith("row-0001-image-", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_was_put_aside_is_nothing_without_a_broker()
    {
        await using var list = WorkerProgram.Start(["queues", "list"], [], _folder.FullName);

        Assert.Equal(0, await list.WaitForExitAsync());
        Assert.Contains("Nothing is put aside: embedded", Assert.Single(list.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Operators_commands_work_on_the_file_in_the_folder()
    {
        await using var worker = Run();
        await using var send = await SendAsync();
        await ClosingLine.ReadyAsync(send);

        await using var list = WorkerProgram.Start(["requests", "list"], [], _folder.FullName);
        await using var show = WorkerProgram.Start(["requests", "show", $"{_id}"[..8]], [], _folder.FullName);
        await using var cancel = WorkerProgram.Start(["requests", "cancel", $"{_id}"], [], _folder.FullName);

        Assert.Equal((0, 0), (await list.WaitForExitAsync(), await cancel.WaitForExitAsync()));
        Assert.Equal(0, await show.WaitForExitAsync());
        Assert.StartsWith($"request {_id}: Closed, ready, 0.0380 EUR", show.OutputLines[0], StringComparison.Ordinal);
        Assert.StartsWith(
            $"{_id}\tClosed\tready\t1 of 1\t0.0380\t",
            Assert.Single(list.OutputLines),
            StringComparison.Ordinal
        );
        Assert.Equal($"request {_id} was closed already: ready, 0.0380 EUR", Assert.Single(cancel.OutputLines));
    }

    [Fact]
    public async Task A_second_worker_in_the_folder_says_who_has_the_file_until_that_one_is_gone()
    {
        await using var first = WorkerProgram.StartWorker([], _folder.FullName);
        await first.ReadyAsync();

        await using var second = WorkerProgram.StartWorker([], _folder.FullName);

        Assert.Equal(2, await second.Process.WaitForExitAsync());
        var mistake = Assert.Single(second.Process.Lines);
        Assert.Contains(
            $"imageworker.db belongs to the worker with the process id {first.Process.Id}.",
            mistake,
            StringComparison.Ordinal
        );

        await using var send = WorkerProgram.Start(["send", "a red fox [seconds 0.3]"], [], _folder.FullName);
        Assert.Single((await ClosingLine.ReadyAsync(send)).Images);

        await first.Process.KillAsync();
        await using var third = WorkerProgram.StartWorker([], _folder.FullName);
        await third.ReadyAsync();
    }

    [Fact]
    public async Task A_simulator_that_has_the_workers_state_file_is_named()
    {
        var stateFile = _folder.At("imageworker.simulator.jsonl");
        await using var other = await WorkerUnderTest.StartZpkAsync(stateFile);

        await using var worker = WorkerProgram.StartWorker([], _folder.FullName);

        Assert.Equal(2, await worker.Process.WaitForExitAsync());
        Assert.Equal(
            "ImageWorker: The simulator does not start: "
                + $"{stateFile} belongs to the process with the id {Environment.ProcessId}.",
            Assert.Single(worker.Process.Lines)
        );
    }

    [Fact]
    public async Task Operators_commands_in_another_folder_say_what_is_missing()
    {
        await using var list = WorkerProgram.Start(["requests", "list"], [], _folder.FullName);

        Assert.Equal(2, await list.WaitForExitAsync());
        Assert.Contains("there is no imageworker.db", Assert.Single(list.ErrorLines), StringComparison.Ordinal);
        Assert.Empty(_folder.FileNames);
    }

    // The commits and deliveries are counted as in CrashTests; the command itself is delivered from the file first.
    [Theory]
    [InlineData("BeforeCommit")]
    [InlineData("AfterCommit")]
    [InlineData("AfterCall")]
    [InlineData("BeforeCommit:3")]
    [InlineData("AfterCommit:2")]
    [InlineData("AfterDelivery")]
    public async Task A_command_that_the_worker_died_in_is_paid_once_and_closed(string where)
    {
        await using var dying = Run(where);
        await dying.ReadyAsync();
        await using var send = await SendAsync();
        Assert.Equal(WorkerUnderTest.KilledBySignal9, await dying.Process.WaitForExitAsync());

        await using var again = Run();

        var ready = await ClosingLine.ReadyAsync(send);
        Assert.Equal(1, Assert.Single(ready.Images).Attempts);
        Assert.Equal(0.038m, ready.Cost.Total);
        Assert.Equal((1, 1, 0), (Paid.Submissions, Paid.ImagesPaid, Paid.RepeatedIds));
    }

    private StartedWorker Run(string? crashAt = null) =>
        WorkerProgram.StartWorker(
            [.. WorkerUnderTest.QuickSettings(Zpk), new(WorkerUnderTest.CrashAt, crashAt)],
            _folder.FullName
        );

    /// <summary>Returns once the command is accepted; the process then waits for its end.</summary>
    private async Task<ChildProcess> SendAsync()
    {
        var send = WorkerProgram.Start(
            ["send", $"a red fox [tag {_id:n}]", "--request-id", $"{_id}"],
            WorkerUnderTest.QuickSettings(Zpk),
            _folder.FullName
        );
        await send.WaitForLineAsync(line => line.Contains("imageworker.db", StringComparison.Ordinal));
        return send;
    }
}
