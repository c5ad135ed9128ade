using Testcontainers.RabbitMq;

namespace ImageWorker.IntegrationTests.Servers;

internal sealed class ContainerRabbitMq(RabbitMqContainer container) : ContainerServer(container), IRabbitMqServer
{
    private readonly RabbitMqContainer _container = container;

    public ContainerRabbitMq()
        : this(
            new RabbitMqBuilder("rabbitmq:4.1-management")
                .WithPortBinding(LoopbackPort.Free(), RabbitMqBuilder.RabbitMqPort)
                .WithUsername("guest")
                .WithPassword("guest")
                .Build()
        ) { }

    public override string ConnectionString => $"amqp://guest:guest@{_container.Hostname}:{Port}/";

    private int Port => _container.GetMappedPublicPort(RabbitMqBuilder.RabbitMqPort);

    public async Task<string> CreateVirtualHostAsync(string name)
    {
        await ControlAsync("add_vhost", name);
        await ControlAsync("set_permissions", "-p", name, "guest", ".*", ".*", ".*");
        return ConnectionString + name;
    }

    public async Task<string> CreateUserAsync(string name, string password)
    {
        await ControlAsync("add_user", name, password);
        await ControlAsync("set_permissions", name, ".*", ".*", ".*");
        return $"amqp://{name}:{password}@{_container.Hostname}:{Port}/";
    }

    public Task CutConnectionsAsync() => ControlAsync("close_all_connections", "cut by a test");

    public Task SetDiskFreeLimitAsync(long bytes) => ControlAsync("set_disk_free_limit", $"{bytes}");

    public async Task<bool> BlocksAsync() =>
        (await ControlAsync("list_connections", "state")).Contains("blocked", StringComparison.Ordinal);

    protected override Task<bool> AnswersAsync() => AmqpHandshake.AnswersAsync(_container.Hostname, Port);

    private async Task<string> ControlAsync(params string[] command)
    {
        var result = await _container.ExecAsync(["rabbitmqctl", .. command]);
        if (result.ExitCode != 0)
        {
            throw new InvalidOperationException($"rabbitmqctl {command[0]} failed:\n{result.Stdout}{result.Stderr}");
        }

        return result.Stdout;
    }
}
