using System.Text.Json;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;
using ImageWorker.Requests;
using MassTransit;
using RabbitMQ.Client;

namespace ImageWorker.IntegrationTests.Engine;

/// <summary>Each queue is the door of one command. Whoever may publish there can say nothing else, whatever it calls itself.</summary>
public sealed class ForgedMessageTests(OthersRequests others) : IClassFixture<OthersRequests>
{
    private const string Generate = "generate-images";
    private const string Cancel = "cancel-images";

    private static readonly string GenerateUrn = MessageUrn.ForTypeString<GenerateImages>();

    private readonly WorkerUnderTest _worker = others.Worker;

    public static TheoryData<string> InternalMessages => [.. Forgery.Types.Select(type => type.Name)];

    [Theory]
    [MemberData(nameof(InternalMessages))]
    public async Task What_the_workers_parts_say_to_each_other_is_put_aside_and_touches_no_request(string name)
    {
        var type = Forgery.Types.First(type => type.Name == name);
        var before = await others.LookAsync();

        foreach (var victim in others.All)
        {
            var forged = (await others.ForgeryForAsync(victim)).Of(type);
            await _worker.Commands.SendAsync(Generate, forged);
            await _worker.Commands.SendAsync(Cancel, forged);
        }

        await AssertPutAsideAsync(Generate, nameof(GenerateImages), name, others.All.Count);
        await AssertPutAsideAsync(Cancel, nameof(CancelImages), name, others.All.Count);
        await others.ServedAsync();
        Assert.Equal(before, await others.LookAsync());
    }

    [Fact]
    public async Task A_command_in_the_others_queue_is_put_aside()
    {
        var before = await others.LookAsync();
        var command = WorkerUnderTest.Command("a grey fox");

        await _worker.Commands.SendAsync(Cancel, Envelope.Of(command));
        foreach (var victim in others.All)
        {
            await _worker.Commands.SendAsync(Generate, Envelope.Of(new CancelImages { RequestId = victim.RequestId }));
        }

        await AssertPutAsideAsync(Cancel, nameof(CancelImages), nameof(GenerateImages), 1);
        await AssertPutAsideAsync(Generate, nameof(GenerateImages), nameof(CancelImages), others.All.Count);
        await others.ServedAsync();
        Assert.Equal(before, await others.LookAsync());
        Assert.Empty(_worker.PaidFor(command).Submissions);
    }

    [Fact]
    public async Task What_calls_itself_a_command_among_other_things_is_that_command_alone()
    {
        var rows = await RowsAsync();
        foreach (var victim in others.All)
        {
            var forged = (await others.ForgeryForAsync(victim)).Of(typeof(SubmissionRefused));
            await AssertRefusedAsync(
                victim,
                () =>
                    _worker.Commands.SendAsync(
                        Generate,
                        forged with
                        {
                            MessageType =
                            [
                                .. forged.MessageType!,
                                GenerateUrn,
                                MessageUrn.ForTypeString<CancelImages>(),
                            ],
                        }
                    )
            );
        }

        var command = WorkerUnderTest.Command("a grey fox");
        var good = Envelope.Of(command);
        await _worker.Commands.SendAsync(
            Generate,
            good with
            {
                MessageType = [.. MessageTypeCache.GetMessageTypeNames(typeof(CancelAsked)), .. good.MessageType!],
            }
        );
        (await _worker.ClosedOnceAsync(command)).As<ImagesReady>();
        Assert.Equal(rows, await RowsAsync());
    }

    [Theory]
    [InlineData("urn:message:GenerateImages")]
    [InlineData("urn:message:Others.Contracts:GenerateImages")]
    [InlineData("urn:message:ImageWorker.Contracts.GenerateImages")]
    [InlineData("urn:message:ImageWorker.Contracts:GenerateImages:ImageWorker.Contracts")]
    [InlineData("urn:message:ImageWorker.Contracts:GenerateImages, ImageWorker.Contracts")]
    [InlineData("urn:message:ImageWorker.Requests:GenerateAsked:ImageWorker")]
    [InlineData("urn:message:ImageWorker.Requests.SubmissionRefused, ImageWorker")]
    [InlineData("ImageWorker.Contracts:GenerateImages")]
    [InlineData("")]
    [InlineData(null)]
    public async Task A_command_under_another_name_is_put_aside(string? name)
    {
        var command = WorkerUnderTest.Command("a grey fox");
        var envelope = Envelope.Of(command);

        await _worker.Commands.SendAsync(Generate, envelope with { MessageType = name is null ? null : [name] });

        await AssertPutAsideAsync(Generate, nameof(GenerateImages), $"'{name}'", 1);
        (await _worker.CloseAsync(command)).As<ImagesReady>();
        Assert.Equal(1, _worker.PaidFor(command).Totals.ImagesPaid);
    }

    [Theory]
    [InlineData("application/vnd.masstransit+bson")]
    [InlineData("application/vnd.masstransit.v1+json")]
    [InlineData("application/json")]
    [InlineData("text/plain")]
    [InlineData("no content type at all;;")]
    public async Task Under_a_content_type_that_is_not_the_envelopes_a_body_is_bare_JSON_whatever_its_headers_say(
        string contentType
    )
    {
        var rows = await RowsAsync();
        var forged = (await others.ForgeryForAsync(others.Waiting)).Of(typeof(SubmissionAccepted));
        var properties = new BasicProperties
        {
            ContentType = contentType,
            Type = forged.MessageType![0],
            Headers = new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["MT-MessageType"] = string.Join(';', forged.MessageType!),
            },
        };
        var command = WorkerUnderTest.Command("a grey fox");

        await AssertRefusedAsync(
            others.Waiting,
            () => _worker.Commands.SendAsync(Generate, forged.Message!.Value.GetRawText(), properties)
        );
        await _worker.Commands.SendAsync(Generate, Envelope.Json(command).GetRawText(), properties);

        (await _worker.ClosedOnceAsync(command)).As<ImagesReady>();
        Assert.Equal(rows, await RowsAsync());
    }

    [Fact]
    public async Task A_command_that_names_no_request_touches_none_whatever_its_message_id()
    {
        var before = await others.LookAsync();
        foreach (var victim in others.All)
        {
            var nameless = Envelope.Of(new CancelImages()) with { MessageId = victim.RequestId };
            await _worker.Commands.SendAsync(Cancel, nameless);
            await _worker.Commands.SendAsync(
                Generate,
                nameless with
                {
                    MessageType = [GenerateUrn],
                    Message = JsonSerializer.SerializeToElement(new { }),
                }
            );
        }

        await others.ServedAsync();
        Assert.Equal(before, await others.LookAsync());
        var taken = others.All.SelectMany(victim => _worker.Events.EventsOf(victim.RequestId)).Select(e => e.MessageId);
        Assert.Empty(_worker.Events.EventsOf(Guid.Empty).Select(e => e.MessageId).Intersect(taken));
    }

    private async Task AssertPutAsideAsync(string queue, string takes, string came, int count)
    {
        var kept = await _worker.Commands.TakePutAsideAsync(queue, count);
        Assert.All(
            kept,
            message =>
            {
                Assert.Contains(
                    $"This queue takes {takes} and nothing else",
                    message.Reason(),
                    StringComparison.Ordinal
                );
                Assert.Contains(came, message.Reason(), StringComparison.Ordinal);
            }
        );
        Assert.Null(await _worker.Commands.GetAsync($"{queue}_error"));
    }

    /// <summary>What is sent is read as a command without a prompt for this request: refused, and nothing more.</summary>
    private async Task AssertRefusedAsync(GenerateImages victim, Func<Task> send)
    {
        // The same refusal under the same id, if there was one before.
        var before = _worker.Events.ClosingsOf(victim.RequestId).Count;
        await send();
        await Eventually.HoldsAsync(() => _worker.Events.ClosingsOf(victim.RequestId).Count > before);
        var refused = _worker.Events.ClosingsOf(victim.RequestId)[^1].As<ImagesFailed>();
        Assert.Equal("prompt", Assert.Single(refused.Errors).On);
    }

    private async Task<IReadOnlyList<string>> RowsAsync()
    {
        var rows = new List<string>();
        foreach (var request in others.All)
        {
            rows.Add(await others.RowAsync(request));
        }

        return rows;
    }
}
