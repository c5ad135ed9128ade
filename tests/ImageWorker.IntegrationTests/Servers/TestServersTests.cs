using Npgsql;

namespace ImageWorker.IntegrationTests.Servers;

public sealed class TestServersTests(TestServers servers)
{
    [Fact]
    public async Task RabbitMq_takes_a_confirmed_message_into_a_quorum_queue_and_gives_it_back()
    {
        await using var queue = await QuorumQueue.DeclareAsync(servers.RabbitMqUri);

        await queue.PublishAsync("hello");

        Assert.Equal("hello", await queue.GetAsync());
    }

    [Fact]
    public async Task A_virtual_host_is_created_and_takes_messages()
    {
        var uri = await servers.CreateVirtualHostAsync("tests");

        await using var queue = await QuorumQueue.DeclareAsync(uri);
        await queue.PublishAsync("hello");

        Assert.Equal("hello", await queue.GetAsync());
    }

    [Fact]
    public async Task A_created_database_is_empty_and_separate()
    {
        await using var first = NpgsqlDataSource.Create(await servers.CreateDatabaseAsync("tests"));
        await using var second = NpgsqlDataSource.Create(await servers.CreateDatabaseAsync("tests"));

        await first.RunAsync("CREATE TABLE here (id int)");

        Assert.Equal(1L, await CountTablesAsync(first));
        Assert.Equal(0L, await CountTablesAsync(second));
    }

    private static Task<object?> CountTablesAsync(NpgsqlDataSource database) =>
        database.RunAsync("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'");
}
