using System.Net;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Telemetry;
using ImageWorker.IntegrationTests.Workers;
using Npgsql;
using RabbitMQ.Client;

namespace ImageWorker.IntegrationTests.Operations;

/// <summary>What is wrong with the broker is named, once, and worked with again as soon as it is mended.</summary>
[Collection(nameof(ServerOutages))]
public sealed class BrokerProblemTests(RestartableServers servers)
{
    private const string RabbitMq = "ConnectionStrings__RabbitMq";
    private const string Key = "a-key-of-some-length";
    private const string Generated = "ImageWorker.Contracts:ImageGenerated";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_login_that_is_refused_for_a_while_is_tried_again()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        var (user, uri) = await CreateUserAsync(worker, ".*");
        await using var started = await worker.StartAsync(new KeyValuePair<string, string?>(RabbitMq, uri));

        await servers.RabbitMq.ChangePasswordAsync(user, "another");
        await servers.RabbitMq.CutConnectionsAsync();
        await IsNotReadyAsync(started, "broker refuses the login");
        Assert.Equal(HttpStatusCode.OK, (await started.GetAsync("/health/live")).Status);
        await servers.RabbitMq.ChangePasswordAsync(user, "password");

        await started.ReadyAsync();
        await worker.ReconnectAsync();
        (await worker.CloseAsync(WorkerUnderTest.Command("a red fox"))).As<ImagesReady>();
        IsSaidOnce(started, $"refuses the login of user '{user}'");
    }

    [Theory]
    [InlineData("broker refuses the login", "Check the user and the password in ConnectionStrings:RabbitMq")]
    [InlineData("virtual host missing", "has no virtual host 'nowhere'")]
    [InlineData("right missing", "rabbitmqctl set_permissions")]
    [InlineData("queue declared otherwise", "Set Queues:DeliveryLimit to what the queue has")]
    public async Task At_the_start_it_is_waited_for_and_named(string kind, string named)
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        var (_, uri) = await CreateUserAsync(worker, kind is "right missing" ? "nothing" : ".*");
        var address = kind switch
        {
            "broker refuses the login" => uri.Replace(":password@", ":mistaken@", StringComparison.Ordinal),
            "virtual host missing" => new Uri(new Uri(uri), "/nowhere").ToString(),
            _ => uri,
        };
        if (kind is "queue declared otherwise")
            await DeclareAsync(worker, channel => channel.QueueDeclareAsync("generate-images", true, false, false));

        await using var waiting = worker.Launch(
            new KeyValuePair<string, string?>(RabbitMq, address),
            new KeyValuePair<string, string?>("Operations__Key", Key)
        );

        await waiting.Process.WaitForLineAsync(line => line.Contains(named, StringComparison.Ordinal));
        await IsNotReadyAsync(waiting, kind);
        Assert.DoesNotContain(named, (await waiting.GetAsync("/health/ready")).Body, StringComparison.Ordinal);
        Assert.Contains(
            named.Split('\'')[0],
            (await waiting.GetAsync("/health/ready", Key)).Body,
            StringComparison.Ordinal
        );
        waiting.Process.Terminate();
        await waiting.Process.WaitForExitAsync();
        IsSaidOnce(waiting, named);
    }

    [Fact]
    public async Task A_delivery_limit_that_the_queue_does_not_have_is_named()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        await using (await worker.StartAsync())
        {
            // It declares the queues with the default.
        }

        await using var waiting = worker.Launch(new KeyValuePair<string, string?>("Queues__DeliveryLimit", "7"));

        await waiting.Process.WaitForLineAsync(line =>
            line.Contains("x-delivery-limit", StringComparison.Ordinal)
            && line.Contains("'generate-images'", StringComparison.Ordinal)
        );
        await IsNotReadyAsync(waiting, "queue declared otherwise");
    }

    [Fact]
    public async Task A_ready_worker_has_declared_the_exchanges_of_its_events()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        var fresh = await servers.CreateVirtualHostAsync("fresh");
        await using var started = await worker.StartAsync(new KeyValuePair<string, string?>(RabbitMq, fresh));

        await using var connection = await new ConnectionFactory { Uri = new(fresh) }.CreateConnectionAsync(Ct);
        foreach (var name in new[] { nameof(ImagesReady), nameof(ImagesFailed), nameof(ImageGenerated) })
        {
            var exchange = $"ImageWorker.Contracts:{name}";
            await using var channel = await connection.CreateChannelAsync(cancellationToken: Ct);
            await channel.ExchangeDeclarePassiveAsync(exchange, Ct);
            await channel.ExchangeDeclareAsync(exchange, ExchangeType.Fanout, durable: true, cancellationToken: Ct);
            Assert.True(channel.IsOpen);
        }
    }

    [Fact]
    public async Task An_exchange_that_is_declared_otherwise_is_named_and_holds_up_no_other_event()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        await DeclareAsync(
            worker,
            async channel =>
            {
                await channel.ExchangeDeleteAsync(Generated);
                await channel.ExchangeDeclareAsync(Generated, ExchangeType.Fanout, durable: false);
            }
        );
        await using var started = worker.Launch();
        await started.Process.WaitForLineAsync(line => line.Contains("Working: ", StringComparison.Ordinal));
        var command = WorkerUnderTest.Command("a red fox") with { Progress = true };

        await worker.Commands.SendAsync(command);

        await Eventually.HoldsAsync(() => worker.Events.ClosingsOf(command.RequestId).Count > 0);
        await IsNotReadyAsync(started, "exchange declared otherwise");
        Assert.Contains(Generated, (await started.GetAsync("/")).Body, StringComparison.Ordinal);
        IsSaidOnce(started, $"Events for {Generated} wait");

        await DeclareAsync(worker, channel => channel.ExchangeDeleteAsync(Generated));
        await worker.SettledAsync();
        await started.ReadyAsync();
    }

    [Fact]
    public async Task An_exchange_that_the_worker_may_not_write_to_holds_up_no_other_event()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        var (user, uri) = await CreateUserAsync(worker, ".*");
        var virtualHost = new Uri(uri).AbsolutePath[1..];
        await servers.RabbitMq.PermitAsync(
            user,
            virtualHost,
            ".*",
            @"^(?!ImageWorker\.Contracts:ImageGenerated$).*",
            ".*"
        );
        await using var started = worker.Launch(new KeyValuePair<string, string?>(RabbitMq, uri));
        await started.Process.WaitForLineAsync(line => line.Contains("Working: ", StringComparison.Ordinal));
        var command = WorkerUnderTest.Command("a red fox") with { Progress = true };

        await worker.Commands.SendAsync(command);

        await Eventually.HoldsAsync(() => worker.Events.ClosingsOf(command.RequestId).Count > 0);
        await IsNotReadyAsync(started, "right missing");
        Assert.Contains(Generated, (await started.GetAsync("/")).Body, StringComparison.Ordinal);
        Assert.Equal(
            1,
            (await Scrape.OfAsync(started)).Value(
                "imageworker_broker_problems",
                "kind=\"right missing\"",
                $"exchange=\"{Generated}\""
            )
        );
        IsSaidOnce(started, $"Events for {Generated} wait");

        await servers.RabbitMq.PermitAsync(user, virtualHost, ".*", ".*", ".*");
        await worker.SettledAsync();
        await started.ReadyAsync();
    }

    [Fact]
    public async Task A_worker_with_a_prefix_takes_nothing_that_is_published_by_type()
    {
        const string Type = "ImageWorker.Contracts:GenerateImages";
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        // What an earlier version left.
        await DeclareAsync(
            worker,
            async channel =>
            {
                await channel.ExchangeDeclareAsync(Type, ExchangeType.Fanout, durable: true);
                await channel.ExchangeDeclareAsync("a-generate-images", ExchangeType.Fanout, durable: true);
                await channel.ExchangeBindAsync("a-generate-images", Type, "");
            }
        );

        await using var started = await worker.StartAsync(new KeyValuePair<string, string?>("Queues__Prefix", "a-"));

        await using var connection = await new ConnectionFactory
        {
            Uri = new(worker.RabbitMqUri),
        }.CreateConnectionAsync(Ct);
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), Ct);
        var unroutable = await Assert.ThrowsAnyAsync<RabbitMQ.Client.Exceptions.PublishException>(async () =>
            await channel.BasicPublishAsync(Type, "", mandatory: true, new BasicProperties(), default, Ct)
        );
        Assert.True(unroutable.IsReturn);
    }

    [Fact]
    public async Task A_connection_that_falls_silent_is_noticed_and_mended()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        await using var proxy = new SilentProxy(worker.RabbitMqUri);
        await using var started = await worker.StartAsync(new KeyValuePair<string, string?>(RabbitMq, proxy.Address));

        proxy.Silence();

        await Eventually.PassesAsync(async () =>
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await started.GetAsync("/health/ready")).Status)
        );
        await started.ReadyAsync();
        (await worker.CloseAsync(WorkerUnderTest.Command("a red fox"))).As<ImagesReady>();
    }

    [Fact]
    public async Task A_channel_that_the_broker_closes_for_slow_commands_puts_none_aside()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        try
        {
            await servers.RabbitMq.ConfigureAsync("channel_tick_interval", 500);
            await servers.RabbitMq.ConfigureAsync("consumer_timeout", 1000);
            await using var started = await worker.StartAsync();
            var commands = Enumerable.Range(0, 20).Select(_ => WorkerUnderTest.Command("a red fox")).ToList();
            await using (var database = NpgsqlDataSource.Create(worker.Settings["ConnectionStrings__Postgres"]!))
            await using (var locking = await database.OpenConnectionAsync(Ct))
            await using (await locking.BeginTransactionAsync(Ct))
            await using (var locked = new NpgsqlCommand("LOCK TABLE requests", locking))
            {
                await locked.ExecuteNonQueryAsync(Ct);
                foreach (var command in commands)
                    await worker.Commands.SendAsync(command);

                // It takes them back.
                await Eventually.HoldsAsync(async () => await worker.Commands.CountAsync("generate-images") > 0);
                await servers.RabbitMq.ConfigureAsync("consumer_timeout", 1_800_000);
            }

            foreach (var command in commands)
                (await worker.ClosedOnceAsync(command)).As<ImagesReady>();
            await started.Process.WaitForLineAsync(line =>
                line.Contains("delivers them again", StringComparison.Ordinal)
            );
            Assert.Null(await worker.Commands.GetAsync("generate-images_error"));
            Assert.DoesNotContain(
                started.Process.Lines,
                line =>
                    line.Contains("put aside", StringComparison.Ordinal)
                    || line.Contains("could not be taken", StringComparison.Ordinal)
            );
            // Whichever of the commands comes first may not know why; the reason is then told after it.
            var said = LinesThatSay(started, "delivers them again");
            Assert.True(said.Count <= 2, string.Join('\n', said));
            Assert.Distinct(
                said.Select(line => line[line.IndexOf("Messages", StringComparison.Ordinal)..]),
                StringComparer.Ordinal
            );
        }
        finally
        {
            await servers.RabbitMq.ConfigureAsync("channel_tick_interval", 60_000);
            await servers.RabbitMq.ConfigureAsync("consumer_timeout", 1_800_000);
        }
    }

    /// <summary>A user of the worker's virtual host, who may declare what the pattern matches.</summary>
    private async Task<(string User, string Uri)> CreateUserAsync(WorkerUnderTest worker, string configure)
    {
        var user = $"user{Guid.NewGuid():n}";
        var virtualHost = new Uri(worker.RabbitMqUri).AbsolutePath[1..];
        var uri = await servers.RabbitMq.CreateUserAsync(user, "password");
        await servers.RabbitMq.PermitAsync(user, virtualHost, configure, ".*", ".*");
        return (user, uri + virtualHost);
    }

    private static Task IsNotReadyAsync(StartedWorker worker, string kind) =>
        Eventually.PassesAsync(async () =>
        {
            var (status, body) = await worker.GetAsync("/health/ready");
            Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
            Assert.Contains(kind, body, StringComparison.Ordinal);
        });

    /// <summary>One line tells it, and no stack trace.</summary>
    private static void IsSaidOnce(StartedWorker worker, string what)
    {
        var said = LinesThatSay(worker, what);
        Assert.True(said.Count == 1, string.Join('\n', said));
    }

    /// <summary>The lines with that text, of a worker that has told no stack trace.</summary>
    private static IReadOnlyList<string> LinesThatSay(StartedWorker worker, string what)
    {
        var lines = worker.Process.Lines;
        Assert.DoesNotContain(lines, line => line.TrimStart().StartsWith("at ", StringComparison.Ordinal));
        return [.. lines.Where(line => line.Contains(what, StringComparison.Ordinal))];
    }

    private static async Task DeclareAsync(WorkerUnderTest worker, Func<IChannel, Task> declare)
    {
        await using var connection = await new ConnectionFactory
        {
            Uri = new(worker.RabbitMqUri),
        }.CreateConnectionAsync(Ct);
        await using var channel = await connection.CreateChannelAsync();
        await declare(channel);
    }
}
