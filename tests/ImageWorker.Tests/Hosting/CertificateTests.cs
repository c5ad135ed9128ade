using ImageWorker.Hosting;
using ImageWorker.Tests.Zpk;
using ImageWorker.Zpk;
using MassTransit;
using RabbitMQ.Client.Exceptions;

namespace ImageWorker.Tests.Hosting;

/// <summary>A certificate that nobody vouches for ends the connection before any secret is sent.</summary>
public sealed class CertificateTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_worker_leaves_a_broker_that_it_cannot_trust()
    {
        using var server = new SelfSignedServer();
        var bus = Bus.Factory.CreateUsingRabbitMq(rabbit =>
            rabbit.UseBroker($"amqps://worker:password@127.0.0.1:{server.Port}/")
        );
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Ct);

        var starting = bus.StartAsync(enough.Token);

        Assert.Equal("nothing", await server.FirstCallAsync());
        await enough.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => starting);
    }

    [Fact]
    public async Task A_command_leaves_a_broker_that_it_cannot_trust()
    {
        using var server = new SelfSignedServer();
        var factory = BrokerHost.Factory($"amqps://worker:password@127.0.0.1:{server.Port}/");

        await Assert.ThrowsAsync<BrokerUnreachableException>(() => factory.CreateConnectionAsync(Ct));

        Assert.Equal("nothing", await server.FirstCallAsync());
    }

    [Fact]
    public async Task The_client_leaves_a_ZPK_that_it_cannot_trust()
    {
        using var server = new SelfSignedServer();
        using var client = new ClientUnderTest(configure: zpk =>
            zpk.BaseAddress = new Uri($"https://127.0.0.1:{server.Port}")
        );

        // Nothing was sent, so it may be called again without asking first.
        Assert.IsType<GenerateOutcome.Busy>(await client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct));

        Assert.Equal("nothing", await server.FirstCallAsync());
    }
}
