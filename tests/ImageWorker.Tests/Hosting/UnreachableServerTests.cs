using ImageWorker.Hosting;
using ImageWorker.Storage;
using Npgsql;

namespace ImageWorker.Tests.Hosting;

/// <summary>What an operator reads about a server that nobody has started: with its port, which is often what is wrong.</summary>
public sealed class UnreachableServerTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_broker_is_named_with_its_port()
    {
        var failure = await Assert.ThrowsAsync<BrokerException>(() =>
            BrokerHost.ConnectAsync("amqp://worker:secret@127.0.0.1:1/", Ct)
        );

        Assert.Equal("RabbitMQ at 127.0.0.1:1 cannot be reached: Connection refused", failure.Message);
    }

    [Fact]
    public async Task A_database_is_named_with_its_port()
    {
        await using var connection = new NpgsqlConnection("Host=127.0.0.1;Port=1;Username=worker;Password=secret");
        var failure = await Assert.ThrowsAsync<NpgsqlException>(() => connection.OpenAsync(Ct));

        Assert.Equal(
            "the database cannot be reached: Failed to connect to 127.0.0.1:1: Connection refused",
            DatabaseProblem.Of(failure).Text
        );
    }
}
