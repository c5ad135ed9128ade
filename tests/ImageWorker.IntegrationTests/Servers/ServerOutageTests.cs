using Npgsql;

namespace ImageWorker.IntegrationTests.Servers;

[Collection(nameof(ServerOutages))]
public sealed class ServerOutageTests(RestartableServers servers)
{
    // A single broker that goes down in a quorum queue's first two seconds can lose the queue.
    private static readonly TimeSpan QueueSettles = TimeSpan.FromSeconds(2.5);

    [Fact]
    public async Task A_message_survives_an_orderly_stop_of_RabbitMq()
    {
        var queue = await PublishAsync("kept");

        await servers.RabbitMq.StopAsync();
        Assert.False(await RabbitMqAnswersAsync());
        await servers.RabbitMq.StartAsync();

        await AssertStillHoldsAsync(queue, "kept");
    }

    [Fact]
    public async Task A_confirmed_message_survives_a_crash_of_RabbitMq()
    {
        var queue = await PublishAsync("kept");

        await servers.RabbitMq.KillAsync();
        await servers.RabbitMq.StartAsync();

        await AssertStillHoldsAsync(queue, "kept");
    }

    [Fact]
    public async Task A_committed_row_survives_a_crash_of_Postgres()
    {
        await using var database = NpgsqlDataSource.Create(await servers.CreateDatabaseAsync("crash"));
        await database.RunAsync("CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)");

        await servers.Postgres.KillAsync();
        Assert.False(await Databases.AnswersAsync(servers.PostgresConnectionString));
        await servers.Postgres.StartAsync();

        database.Clear();
        Assert.Equal(7, await database.RunAsync("SELECT id FROM kept"));
    }

    [Fact]
    public async Task A_committed_row_survives_an_orderly_stop_of_Postgres_with_clients_connected()
    {
        await using var database = NpgsqlDataSource.Create(await servers.CreateDatabaseAsync("stop"));
        await database.RunAsync("CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)");

        await servers.Postgres.StopAsync();
        await servers.Postgres.StartAsync();

        database.Clear();
        Assert.Equal(7, await database.RunAsync("SELECT id FROM kept"));
    }

    [Fact]
    public async Task Postgres_is_durable_and_takes_200_connections()
    {
        await using var database = NpgsqlDataSource.Create(servers.PostgresConnectionString);

        Assert.Equal("on", await database.RunAsync("SHOW fsync"));
        Assert.Equal("on", await database.RunAsync("SHOW synchronous_commit"));
        Assert.Equal("200", await database.RunAsync("SHOW max_connections"));
    }

    private Task<bool> RabbitMqAnswersAsync()
    {
        var uri = new Uri(servers.RabbitMqUri);
        return AmqpHandshake.AnswersAsync(uri.Host, uri.Port);
    }

    private async Task<string> PublishAsync(string text)
    {
        await using var queue = await QuorumQueue.DeclareAsync(servers.RabbitMqUri);
        await queue.PublishAsync(text);
        await Task.Delay(QueueSettles, TestContext.Current.CancellationToken);
        return queue.Name;
    }

    private async Task AssertStillHoldsAsync(string queue, string text)
    {
        await using var again = await QuorumQueue.DeclareAsync(servers.RabbitMqUri, queue);
        // The queue's leader is elected after the broker answers.
        await Eventually.PassesAsync(async () => Assert.Equal(text, await again.GetAsync()));
    }
}
