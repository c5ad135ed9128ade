using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Commands;

[Collection(nameof(SharedWorker))]
public sealed class SendTests(SharedWorkerFixture shared, TestServers servers)
{
    private readonly WorkerUnderTest _worker = shared.Worker;

    [Fact]
    public async Task It_publishes_one_command_waits_and_prints_the_closing_event()
    {
        var id = Guid.NewGuid();
        await using var command = Send(
            $"a red fox [tag {id:n}]",
            "--count",
            "2",
            "--metadata",
            "order=4711",
            "--request-id",
            $"{id}"
        );

        var ready = await ClosingLine.ReadyAsync(command);

        Assert.Equal(id, ready.RequestId);
        Assert.Equal(2, ready.Images.Count);
        Assert.Equal("4711", ready.Metadata!["order"]);
        Assert.Contains(
            command.ErrorLines,
            line => line.StartsWith("image 1: generated http", StringComparison.Ordinal)
        );
        Assert.Equal(2, _worker.Zpk.ReadLedger($"{id:n}").Totals.ImagesPaid);
    }

    [Fact]
    public async Task A_request_that_fails_is_exit_code_1()
    {
        await using var command = Send("a red fox [policy]");

        Assert.Equal(FailureReason.ContentPolicyViolation, (await ClosingLine.FailedAsync(command)).Reason);
    }

    [Fact]
    public async Task The_same_id_again_is_answered_and_not_paid_again()
    {
        var id = Guid.NewGuid();
        await using var first = Send($"a red fox [tag {id:n}]", "--request-id", $"{id}");
        var ready = await ClosingLine.ReadyAsync(first);

        await using var second = Send($"a red fox [tag {id:n}]", "--request-id", $"{id}");

        Assert.Equal(ready.Images, (await ClosingLine.ReadyAsync(second)).Images);
        Assert.Equal(1, _worker.Zpk.ReadLedger($"{id:n}").Totals.ImagesPaid);
    }

    [Fact]
    public async Task Two_that_use_one_id_for_different_things_are_each_told_their_own_outcome()
    {
        var id = Guid.NewGuid();
        await using var first = Send($"a red fox [seconds 3] [tag {id:n}]", "--request-id", $"{id}");
        await first.WaitForLineAsync(line => line.Contains("sent to", StringComparison.Ordinal));
        await Eventually.HoldsAsync(() => _worker.Zpk.ReadLedger($"{id:n}").Totals.Submissions == 1);

        await using var second = Send("a blue fox", "--request-id", $"{id}");
        await using var third = Send($"a red fox [seconds 3] [tag {id:n}]", "--request-id", $"{id}");

        Assert.Equal("REQUEST_ID_REUSED", Assert.Single((await ClosingLine.FailedAsync(second)).Errors).Id);
        Assert.Single((await ClosingLine.ReadyAsync(first)).Images);
        Assert.Single((await ClosingLine.ReadyAsync(third)).Images);
    }

    [Fact]
    public async Task It_waits_a_while_for_the_queue_of_a_worker_that_has_just_started()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        await using var early = WorkerProgram.Start(["send", "a red fox"], worker.Settings);

        await using var started = worker.Launch();

        Assert.Single((await ClosingLine.ReadyAsync(early)).Images);
    }

    [Fact]
    public async Task A_virtual_host_that_is_missing_is_named()
    {
        var uri = new Uri(new Uri(_worker.RabbitMqUri), "/nowhere").ToString();

        await using var send = WorkerProgram.Start(
            ["send", "a red fox"],
            [.. _worker.Settings, new("ConnectionStrings__RabbitMq", uri)]
        );

        Assert.Equal(1, await send.WaitForExitAsync());
        Assert.EndsWith(
            "has no virtual host 'nowhere'. Create it, or correct ConnectionStrings:RabbitMq",
            Assert.Single(send.ErrorLines),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_broker_that_never_confirms_is_given_up_and_the_same_id_again_is_not_paid_twice()
    {
        var id = Guid.NewGuid();
        string[] arguments = ["send", $"a red fox [tag {id:n}]", "--request-id", $"{id}"];
        await using var proxy = new SilentProxy(_worker.RabbitMqUri) { LastWords = $"[tag {id:n}]" };

        await using var silenced = WorkerProgram.Start(
            arguments,
            [.. _worker.Settings, new("ConnectionStrings__RabbitMq", proxy.Address)]
        );

        Assert.Equal(1, await silenced.WaitForExitAsync(TimeSpan.FromSeconds(90)));
        Assert.Empty(silenced.OutputLines);
        Assert.Equal(
            $"ImageWorker: RabbitMQ at 127.0.0.1 did not confirm request {id}, which may or may not have arrived. "
                + $"Sending it again under the same id is safe: the same 'send' with '--request-id {id}', or with the same '--file'.",
            Assert.Single(silenced.ErrorLines)
        );

        // It had arrived.
        await Eventually.HoldsAsync(() => _worker.Zpk.ReadLedger($"{id:n}").Totals.ImagesPaid == 1);
        await using var again = WorkerProgram.Start(arguments, _worker.Settings);
        Assert.Single((await ClosingLine.ReadyAsync(again)).Images);
        Assert.Equal(1, _worker.Zpk.ReadLedger($"{id:n}").Totals.ImagesPaid);
    }

    private ChildProcess Send(params string[] arguments) =>
        WorkerProgram.Start(["send", .. arguments], _worker.Settings);
}
