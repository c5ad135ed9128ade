using System.Text;
using System.Text.RegularExpressions;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Deploy;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace ImageWorker.IntegrationTests.Operations;

/// <summary>The rights on the broker that docs/operations.md gives to each service are enough, and no more than that.</summary>
[Collection(nameof(ServerOutages))]
public sealed partial class BrokerRightsTests(RestartableServers servers)
{
    private const string Ready = "ImageWorker.Contracts:ImagesReady";
    private const string Own = "orders-images";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_service_can_do_its_part_and_nothing_else()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        await using var started = await worker.StartAsync(
            new KeyValuePair<string, string?>("ConnectionStrings__RabbitMq", await AddAsync("worker", worker))
        );
        await using var publisher = await ConnectAsync(await AddAsync("publisher", worker));
        await using var subscriber = await ConnectAsync(await AddAsync("subscriber", worker));

        await using var receiving = await subscriber.CreateChannelAsync(cancellationToken: Ct);
        await receiving.QueueDeclareAsync(Own, true, false, false, cancellationToken: Ct);
        await receiving.QueueBindAsync(Own, Ready, "", cancellationToken: Ct);
        var command = WorkerUnderTest.Command("a red fox");
        await PublishAsync(publisher, "generate-images", "no JSON");
        await PublishAsync(
            publisher,
            "generate-images",
            $$"""{"requestId":"{{command.RequestId}}","prompt":"{{command.Prompt}}"}"""
        );

        (await worker.ClosedOnceAsync(command)).As<ImagesReady>();
        Assert.Single(await worker.Commands.TakePutAsideAsync("generate-images"));
        await Eventually.HoldsAsync(async () => await receiving.BasicGetAsync(Own, autoAck: true, Ct) is not null);
        await started.ReadyAsync();

        await RefusedAsync(publisher, channel => channel.QueueDeclareAsync("generate-images", true, false, false));
        await RefusedAsync(publisher, channel => channel.BasicGetAsync("generate-images", true, Ct));
        await RefusedAsync(publisher, channel => channel.ExchangeDeleteAsync("generate-images"));
        foreach (var exchange in new[] { "cancel-images", "generate-images_error", Ready, "" })
        {
            await NotTakenAsync(publisher, exchange);
        }

        await RefusedAsync(subscriber, channel => channel.BasicGetAsync("generate-images", true, Ct));
        await RefusedAsync(subscriber, channel => channel.BasicGetAsync("generate-images_error", true, Ct));
        await RefusedAsync(subscriber, channel => channel.QueueBindAsync(Own, "generate-images", ""));
        await RefusedAsync(subscriber, channel => channel.QueueDeclareAsync("others-images", true, false, false));
        await RefusedAsync(subscriber, channel => channel.ExchangeDeleteAsync(Ready));
        foreach (var exchange in new[] { "generate-images", "cancel-images", Ready, "" })
        {
            await NotTakenAsync(subscriber, exchange);
        }
    }

    /// <summary>A user with the rights of that service, and the address of the worker's virtual host for it.</summary>
    private async Task<string> AddAsync(string service, WorkerUnderTest worker)
    {
        var text = await File.ReadAllTextAsync(Checkout.At("docs/operations.md"), Ct);
        var rights = Assert.Single(SetPermissions().Matches(text), match => match.Groups["service"].Value == service);
        var user = $"{service}-{Guid.NewGuid():n}";
        var virtualHost = new Uri(worker.RabbitMqUri).AbsolutePath[1..];
        var uri = await servers.RabbitMq.CreateUserAsync(user, "password");
        await servers.RabbitMq.PermitAsync(
            user,
            virtualHost,
            rights.Groups["configure"].Value,
            rights.Groups["write"].Value,
            rights.Groups["read"].Value
        );
        return uri + virtualHost;
    }

    private static Task<IConnection> ConnectAsync(string uri) =>
        new ConnectionFactory { Uri = new(uri) }.CreateConnectionAsync(Ct);

    /// <summary>Fails unless the broker takes it, and a queue gets it.</summary>
    private static async Task PublishAsync(IConnection connection, string exchange, string body)
    {
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), Ct);
        await channel.BasicPublishAsync(
            exchange,
            exchange is "" ? "generate-images" : "",
            mandatory: true,
            new BasicProperties { ContentType = Publisher.Json },
            Encoding.UTF8.GetBytes(body),
            Ct
        );
    }

    private static async Task NotTakenAsync(IConnection connection, string exchange)
    {
        var refusal = await Assert.ThrowsAnyAsync<RabbitMQClientException>(() =>
            PublishAsync(connection, exchange, "{}")
        );
        Assert.Contains("ACCESS_REFUSED", $"{refusal}", StringComparison.Ordinal);
    }

    private static async Task RefusedAsync(IConnection connection, Func<IChannel, Task> act)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Ct);
        var refusal = await Assert.ThrowsAsync<OperationInterruptedException>(() => act(channel));
        Assert.Equal(Constants.AccessRefused, refusal.ShutdownReason!.ReplyCode);
    }

    [GeneratedRegex(
        "rabbitmqctl set_permissions -p VHOST (?<service>\\w+) '(?<configure>[^']*)' '(?<write>[^']*)' '(?<read>[^']*)'",
        RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex SetPermissions();
}
