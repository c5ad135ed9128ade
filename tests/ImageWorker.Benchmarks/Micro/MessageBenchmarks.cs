using System.Net;
using System.Text;
using BenchmarkDotNet.Attributes;
using ImageWorker.Contracts;
using ImageWorker.Engine;
using ImageWorker.Hosting;
using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Zpk;
using MassTransit;
using MassTransit.Serialization;
using Microsoft.Extensions.DependencyInjection;

namespace ImageWorker.Benchmarks.Micro;

/// <summary>A command in, an event out, an answer of ZPK read.</summary>
public class MessageBenchmarks
{
    private static readonly Guid Id = Guid.NewGuid();

    private static readonly ImagesReady Ready = new()
    {
        RequestId = Id,
        Images =
        [
            .. Enumerable
                .Range(0, 2)
                .Select(number => new ImageResult
                {
                    Number = number,
                    Status = ImageStatus.Generated,
                    Url = $"https://zpk.systems/i/{number}.png",
                    Cost = 0.0380m,
                    Attempts = 1,
                }),
        ],
        Cost = new()
        {
            Total = 0.0760m,
            Estimated = 0.0760m,
            Submissions = [],
        },
        RequestedAt = DateTimeOffset.UnixEpoch,
        ClosedAt = DateTimeOffset.UnixEpoch,
    };

    private readonly CommandDeserializer<GenerateImages> _bareJson = new(isEnvelope: false, maxBody: 65_536);

    private readonly MessageBody _command = new StringMessageBody(
        $$"""{"requestId":"{{Id}}","prompt":"a load of foxes","count":2,"maxCost":0.08}"""
    );

    private ZpkImagesClient _zpk = null!;

    [GlobalSetup]
    public void SetUp()
    {
        JsonNumbers.Use();
        _zpk = Client();
    }

    [Benchmark]
    public bool CommandIn() =>
        _bareJson.Deserialize(_command, EmptyHeaders.Instance).TryGetMessage<CommandRead<GenerateImages>>(out _);

    [Benchmark]
    public OutboxMessage EventOut() =>
        OutboxMessage.Event(Ready, Id, Id, DateTimeOffset.UnixEpoch, traceParent: null, $"{Id}");

    [Benchmark]
    public Task<CheckOutcome> CheckAnswered() => _zpk.CheckStatusAsync("abcdefghijklmnop", CancellationToken.None);

    private static ZpkImagesClient Client()
    {
        var services = new ServiceCollection().AddLogging();
        services
            .AddZpkImages(options => (options.ApplicationId, options.ApiKey) = ("benchmark", "benchmark"))
            .ConfigurePrimaryHttpMessageHandler(() => new Answers());
        return services.BuildServiceProvider().GetRequiredService<ZpkImagesClient>();
    }

    private sealed class Answers : HttpMessageHandler
    {
        private static readonly byte[] Body = Encoding.UTF8.GetBytes(
            """
            {"success":true,"unique_request_id":"abcdefghijklmnop","images":[
            {"num":0,"generation_status":"GENERATED","image_url":"https://zpk.systems/i/0.png","cost":0.0380},
            {"num":1,"generation_status":"GENERATED","image_url":"https://zpk.systems/i/1.png","cost":0.0380}]}
            """
        );

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct) =>
            Task.FromResult(
                new HttpResponseMessage(HttpStatusCode.OK)
                {
                    Content = new ByteArrayContent(Body) { Headers = { ContentType = new("application/json") } },
                }
            );
    }
}
