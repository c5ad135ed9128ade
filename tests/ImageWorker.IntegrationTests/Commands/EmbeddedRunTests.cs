using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Commands;

/// <summary>The worker with nothing but a folder.</summary>
public sealed class EmbeddedRunTests : EmbeddedWorker
{
    [Fact]
    public async Task With_no_configuration_it_says_so_first_and_works_for_send_in_the_same_folder()
    {
        await using var worker = WorkerProgram.StartWorker([], Folder.FullName);
        await worker.ReadyAsync();
        Assert.Contains("Embedded", worker.Process.Lines[0], StringComparison.Ordinal);

        await using var send = WorkerProgram.Start(
            ["send", "a red fox [seconds 0.3]", "--count", "2"],
            [],
            Folder.FullName
        );

        var ready = await ClosingLine.ReadyAsync(send);
        Assert.Equal(2, ready.Images.Count(image => image.Status is ImageStatus.Generated));
        Assert.Contains("imageworker.db", Folder.FileNames, StringComparer.Ordinal);
    }

    [Fact]
    public async Task With_no_configuration_the_pictures_of_a_file_are_saved_too()
    {
        await using var worker = WorkerProgram.StartWorker([], Folder.FullName);
        await worker.ReadyAsync();
        await File.WriteAllTextAsync(
            Folder.At("p.csv"),
            "prompt\na red fox [seconds 0.3]\n",
            TestContext.Current.CancellationToken
        );

        await using var send = WorkerProgram.Start(["send", "--file", "p.csv", "--out", "."], [], Folder.FullName);

        Assert.True(await send.WaitForExitAsync() == 0, send.Tail);
        Assert.Single(Folder.FileNames, name => name.StartsWith("row-0001-image-0-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_command_sent_while_no_worker_runs_is_done_by_the_next_one()
    {
        await using var send = await SendAsync();
        await using var list = WorkerProgram.Start(["requests", "list"], [], Folder.FullName);
        Assert.Equal(0, await list.WaitForExitAsync());
        Assert.StartsWith($"{Id}\tSent\t\t0 of 1\t0.0000\t", Assert.Single(list.OutputLines), StringComparison.Ordinal);

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
            ["send", "a blue fox", "--request-id", $"{Id}"],
            [],
            Folder.FullName
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
            $"ImageWorker: request {Id} goes on. See it with 'ImageWorker requests show {Id}', ",
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
            Folder.At("p.jsonl"),
            $"{{\"prompt\": \"a crow\", \"count\": 2}}\n{{\"requestId\": \"{Id}\", \"prompt\": \"a blue fox\"}}\n",
            TestContext.Current.CancellationToken
        );

        await using var send = WorkerProgram.Start(
            ["send", "--file", "p.jsonl", "--out", "."],
            WorkerUnderTest.QuickSettings(Zpk),
            Folder.FullName
        );

        Assert.Equal(1, await send.WaitForExitAsync());
        Assert.Single((await ClosingLine.ReadyAsync(other)).Images);
        var results = await File.ReadAllLinesAsync(Folder.At("p.results.jsonl"), TestContext.Current.CancellationToken);
        Assert.Contains("\"state\":\"ready\"", results[0], StringComparison.Ordinal);
        Assert.Contains("REQUEST_ID_REUSED", results[1], StringComparison.Ordinal);
        Assert.Equal(2, Folder.FileNames.Count(name => name.StartsWith("row-0001-image-", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_was_put_aside_is_nothing_without_a_broker()
    {
        await using var list = WorkerProgram.Start(["queues", "list"], [], Folder.FullName);

        Assert.Equal(0, await list.WaitForExitAsync());
        Assert.Contains("Nothing is put aside: embedded", Assert.Single(list.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Operators_commands_work_on_the_file_in_the_folder()
    {
        await using var worker = Run();
        await using var send = await SendAsync();
        await ClosingLine.ReadyAsync(send);

        await using var list = WorkerProgram.Start(["requests", "list"], [], Folder.FullName);
        await using var show = WorkerProgram.Start(["requests", "show", $"{Id}"[..8]], [], Folder.FullName);
        await using var cancel = WorkerProgram.Start(["requests", "cancel", $"{Id}"], [], Folder.FullName);

        Assert.Equal((0, 0), (await list.WaitForExitAsync(), await cancel.WaitForExitAsync()));
        Assert.Equal(0, await show.WaitForExitAsync());
        Assert.StartsWith($"request {Id}: Closed, ready, 0.0380 EUR", show.OutputLines[0], StringComparison.Ordinal);
        Assert.StartsWith(
            $"{Id}\tClosed\tready\t1 of 1\t0.0380\t",
            Assert.Single(list.OutputLines),
            StringComparison.Ordinal
        );
        Assert.Equal($"request {Id} was closed already: ready, 0.0380 EUR", Assert.Single(cancel.OutputLines));
    }

    [Fact]
    public async Task A_second_worker_in_the_folder_says_who_has_the_file_until_that_one_is_gone()
    {
        await using var first = WorkerProgram.StartWorker([], Folder.FullName);
        await first.ReadyAsync();

        await using var second = WorkerProgram.StartWorker([], Folder.FullName);

        Assert.Equal(2, await second.Process.WaitForExitAsync());
        var mistake = Assert.Single(second.Process.Lines);
        Assert.Contains(
            $"imageworker.db belongs to the worker with the process id {first.Process.Id}.",
            mistake,
            StringComparison.Ordinal
        );

        await using var send = WorkerProgram.Start(["send", "a red fox [seconds 0.3]"], [], Folder.FullName);
        Assert.Single((await ClosingLine.ReadyAsync(send)).Images);

        await first.Process.KillAsync();
        await using var third = WorkerProgram.StartWorker([], Folder.FullName);
        await third.ReadyAsync();
    }

    [Fact]
    public async Task A_simulator_that_has_the_workers_state_file_is_named()
    {
        var stateFile = Folder.At("imageworker.simulator.jsonl");
        await using var other = await WorkerUnderTest.StartZpkAsync(stateFile);

        await using var worker = WorkerProgram.StartWorker([], Folder.FullName);

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
        await using var list = WorkerProgram.Start(["requests", "list"], [], Folder.FullName);

        Assert.Equal(2, await list.WaitForExitAsync());
        Assert.Contains("there is no imageworker.db", Assert.Single(list.ErrorLines), StringComparison.Ordinal);
        Assert.Empty(Folder.FileNames);
    }
}
