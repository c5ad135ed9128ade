using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;
using MassTransit;

namespace ImageWorker.IntegrationTests.Requests;

[Collection(nameof(SharedWorker))]
public sealed class CommandFormTests(SharedWorkerFixture shared)
{
    private readonly WorkerUnderTest _worker = shared.Worker;

    [Theory]
    [InlineData(Publisher.Json, null)]
    [InlineData(Publisher.Json, "uuid")]
    [InlineData(Publisher.Json, "order-4711")]
    [InlineData("application/json; charset=utf-8", null)]
    [InlineData(null, null)]
    [InlineData(null, "uuid")]
    public async Task Bare_JSON_is_a_command(string? contentType, string? messageId)
    {
        var command = WorkerUnderTest.Command("a red fox");

        await _worker.Commands.SendBodyAsync(
            $$"""{"requestId":"{{command.RequestId}}","prompt":"{{command.Prompt}}"}""",
            contentType,
            messageId is "uuid" ? $"{Guid.NewGuid()}" : messageId
        );

        Assert.Single((await _worker.ClosedOnceAsync(command)).As<ImagesReady>().Images);
        Assert.Equal(1, _worker.PaidFor(command).Totals.ImagesPaid);
    }

    [Fact]
    public async Task MassTransit_as_it_comes_publishes_commands_and_takes_events()
    {
        Assert.SkipUnless(_worker.Settings["Queues__Prefix"] is "", "With a prefix a type's exchange leads nowhere.");
        var command = WorkerUnderTest.Command("a red fox", count: 2) with { MaxCost = 0.1m };
        var taken = new TaskCompletionSource<ImagesReady>(TaskCreationOptions.RunContinuationsAsynchronously);
        var bus = Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(new Uri(_worker.RabbitMqUri));
            rabbit.ReceiveEndpoint(e => e.Handler<ImagesReady>(context => TakeAsync(context.Message)));
        });
        await bus.StartAsync(TestContext.Current.CancellationToken);

        await bus.Publish(command, TestContext.Current.CancellationToken);

        Assert.Equal(2, (await _worker.ClosedOnceAsync(command)).As<ImagesReady>().Images.Count);
        var ready = await taken.Task.WaitAsync(Eventually.DefaultTimeout, TestContext.Current.CancellationToken);
        Assert.Equal(0.076m, ready.Cost.Total);
        Assert.Equal(2, _worker.PaidFor(command).Totals.ImagesPaid);
        await bus.StopAsync(TestContext.Current.CancellationToken);

        Task TakeAsync(ImagesReady ready)
        {
            if (ready.RequestId == command.RequestId)
            {
                taken.TrySetResult(ready);
            }

            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task An_invalid_command_is_closed_once_and_every_fault_is_named()
    {
        var command = WorkerUnderTest.Command("a red fox");
        var body = $$$"""
            {"requestId":"{{{command.RequestId}}}","prompt":"","count":21,"model":"dall-e-9","timeoutSeconds":0,
             "maxCost":-1,"metadata":{"order":"4711"}}
            """;

        await _worker.Commands.SendBodyAsync(body);

        var failed = (await _worker.ClosedOnceAsync(command)).As<ImagesFailed>();
        Assert.Equal(FailureReason.InvalidRequest, failed.Reason);
        Assert.Equal(
            ["count", "maxCost", "model", "prompt", "timeoutSeconds"],
            failed.Errors.Select(error => error.On!).Order(StringComparer.Ordinal),
            StringComparer.Ordinal
        );
        Assert.Equal("4711", failed.Metadata!["order"]);
        Assert.Single(_worker.Events.EventsOf(command.RequestId));
        Assert.Empty(_worker.PaidFor(command).Submissions);
    }

    [Fact]
    public async Task A_field_that_is_ignored_is_named_in_the_closing_event()
    {
        var command = WorkerUnderTest.Command("a red fox");

        await _worker.Commands.SendBodyAsync(
            $$"""{"requestId":"{{command.RequestId}}","prompt":"{{command.Prompt}}","seed":7}"""
        );

        var ready = (await _worker.ClosedOnceAsync(command)).As<ImagesReady>();
        Assert.Equal(("UNKNOWN_FIELD", "seed"), (Assert.Single(ready.Warnings).Id, ready.Warnings[0].On));
    }

    [Fact]
    public async Task Another_message_altogether_is_refused_under_no_request_id()
    {
        var before = _worker.Events.EventsOf(Guid.Empty).Count;

        await _worker.Commands.SendBodyAsync($$"""{"somethingElse":"{{Guid.NewGuid()}}"}""");

        await Eventually.HoldsAsync(() => _worker.Events.EventsOf(Guid.Empty).Count > before);
        await _worker.SettledAsync();
        var failed = Assert.Single(_worker.Events.EventsOf(Guid.Empty).Skip(before)).As<ImagesFailed>();
        Assert.Equal(FailureReason.InvalidRequest, failed.Reason);
        Assert.Equal(
            ["prompt", "requestId"],
            failed.Errors.Select(error => error.On!).Order(StringComparer.Ordinal),
            StringComparer.Ordinal
        );
    }

    [Theory]
    [InlineData("""{"requestId":"ID","prompt":"a red fox","count":"many"}""", "count")]
    [InlineData("""{"requestId":"ID","prompt":["a red fox"]}""", "prompt")]
    [InlineData("""{"requestId":"ID","prompt":"a red fox","Prompt":"a blue fox"}""", "prompt")]
    [InlineData("""{"requestId":"ID","prompt":"a red fox""", null)]
    public async Task What_cannot_be_read_is_refused_under_its_id(string form, string? on)
    {
        var command = WorkerUnderTest.Command("");

        await _worker.Commands.SendBodyAsync(form.Replace("ID", $"{command.RequestId}", StringComparison.Ordinal));

        var failed = (await _worker.ClosedOnceAsync(command)).As<ImagesFailed>();
        Assert.Equal((FailureReason.InvalidRequest, on), (failed.Reason, Assert.Single(failed.Errors).On));
    }

    [Theory]
    [InlineData("this is no JSON", "GenerateImages")]
    [InlineData("[]", "GenerateImages")]
    [InlineData("""{"requestId":4711,"prompt":"a red fox [tag ID]"}""", "requestId")]
    public async Task What_names_no_request_goes_to_the_error_queue_with_its_reason_and_holds_up_nothing(
        string form,
        string named
    )
    {
        var body = form.Replace("ID", $"{Guid.NewGuid()}", StringComparison.Ordinal);

        await _worker.Commands.SendBodyAsync(body);
        (await _worker.CloseAsync(WorkerUnderTest.Command("a blue fox"))).As<ImagesReady>();

        var kept = Assert.Single(await _worker.Commands.TakePutAsideAsync("generate-images"));
        Assert.Equal(body, kept.BodyText());
        Assert.Equal("fault", kept.Header("MT-Reason"));
        Assert.Contains(named, kept.Reason(), StringComparison.Ordinal);
    }
}
