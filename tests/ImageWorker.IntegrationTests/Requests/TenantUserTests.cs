using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;
using RabbitMQ.Client;

namespace ImageWorker.IntegrationTests.Requests;

/// <summary>A tenant that is kept to certain users of the broker, which checks whose messages are whose.</summary>
[Collection(nameof(ServerOutages))]
public sealed class TenantUserTests(RestartableServers servers)
{
    [Fact]
    public async Task Only_its_users_may_name_a_tenant()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        var (shop, uri) = await AddUserAsync(worker);
        await using var started = await worker.StartAsync(
            new KeyValuePair<string, string?>("Tenants__acme__Users", shop)
        );
        await using var publisher = await Publisher.ConnectAsync(uri, "");
        var command = WorkerUnderTest.Command("a red fox") with { Tenant = "acme" };
        var nameless = WorkerUnderTest.Command("a red fox");

        await SendAsync(publisher, command, shop);
        Assert.Equal("acme", (await worker.ClosedOnceAsync(command)).As<ImagesReady>().Tenant);
        await SendAsync(publisher, nameless, user: null);
        Assert.Null((await worker.ClosedOnceAsync(nameless)).As<ImagesReady>().Tenant);

        await RefusedAsync(publisher, user: null, "the message's user-id is missing");
        await RefusedAsync(worker.Commands, "guest", "'guest' is none of them");

        async Task RefusedAsync(Publisher by, string? user, string why)
        {
            var refused = WorkerUnderTest.Command("a red fox") with { Tenant = "acme" };
            await SendAsync(by, refused, user);
            var failed = (await worker.ClosedOnceAsync(refused)).As<ImagesFailed>();
            Assert.Equal((FailureReason.InvalidRequest, (string?)null), (failed.Reason, failed.Tenant));
            Assert.EndsWith(why, Assert.Single(failed.Errors).Message, StringComparison.Ordinal);
            Assert.Equal(0, worker.PaidFor(refused).Totals.Submissions);
        }
    }

    [Fact]
    public async Task The_commands_of_operators_are_their_users()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        await using var started = await worker.StartAsync(
            new KeyValuePair<string, string?>("Tenants__acme__Users", "guest")
        );

        await using var command = WorkerProgram.Start(["send", "a red fox", "--tenant", "acme"], worker.Settings);

        Assert.Equal("acme", (await ClosingLine.ReadyAsync(command)).Tenant);
    }

    /// <summary>The broker refuses to take a message back under another user's id than that of the connection.</summary>
    [Fact]
    public async Task What_cannot_be_read_is_put_aside_whosever_it_is_and_can_be_moved_back()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        var (shop, uri) = await AddUserAsync(worker);
        await using var started = await worker.StartAsync();
        await using var publisher = await Publisher.ConnectAsync(uri, "");
        await publisher.SendAsync("generate-images", "no JSON", new() { ContentType = Publisher.Json, UserId = shop });
        await Eventually.HoldsAsync(async () => await worker.Commands.CountAsync("generate-images_error") == 1);

        await using var redrive = WorkerProgram.Start(["queues", "redrive", "generate-images_error"], worker.Settings);

        Assert.True(await redrive.WaitForExitAsync() == 0, redrive.Tail);
        Assert.Equal("no JSON", Assert.Single(await worker.Commands.TakePutAsideAsync("generate-images")).BodyText());
    }

    private async Task<(string Name, string Uri)> AddUserAsync(WorkerUnderTest worker)
    {
        var name = $"shop-{Guid.NewGuid():n}";
        var uri = await servers.RabbitMq.CreateUserAsync(name, "password");
        var virtualHost = new Uri(worker.RabbitMqUri).AbsolutePath[1..];
        await servers.RabbitMq.PermitAsync(name, virtualHost, ".*", ".*", ".*");
        return (name, uri + virtualHost);
    }

    private static Task SendAsync(Publisher publisher, GenerateImages command, string? user)
    {
        var tenant = command.Tenant is null ? "" : $",\"tenant\":\"{command.Tenant}\"";
        return publisher.SendAsync(
            "generate-images",
            $$"""{"requestId":"{{command.RequestId}}","prompt":"{{command.Prompt}}"{{tenant}}}""",
            new BasicProperties { ContentType = Publisher.Json, UserId = user }
        );
    }
}
