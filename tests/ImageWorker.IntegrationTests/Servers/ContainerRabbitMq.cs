using System.Text;
using Testcontainers.RabbitMq;

namespace ImageWorker.IntegrationTests.Servers;

internal sealed class ContainerRabbitMq(RabbitMqContainer container, TestAuthority? authority)
    : ContainerServer(container),
        IRabbitMqServer
{
    private const int TlsPort = 5671;

    private readonly RabbitMqContainer _container = container;

    /// <inheritdoc cref="InstalledRabbitMq(TestAuthority?)"/>
    public ContainerRabbitMq(TestAuthority? authority = null)
        : this(Builder(authority).WithUsername("guest").WithPassword("guest").Build(), authority) { }

    public override string ConnectionString =>
        authority is null
            ? $"amqp://guest:guest@{_container.Hostname}:{Port}/"
            : $"amqps://guest:guest@{authority.Host}:{Port}/";

    private int Port => _container.GetMappedPublicPort(authority is null ? RabbitMqBuilder.RabbitMqPort : TlsPort);

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

    public async Task<IReadOnlyList<string>> ListAsync(string uri)
    {
        var lines = new List<string>();
        foreach (var kind in new[] { "exchanges", "queues", "bindings" })
        {
            string[] columns = kind is "bindings" ? ["source_name", "destination_name"] : ["name"];
            var listed = await ControlAsync([
                $"list_{kind}",
                "-p",
                new Uri(uri).AbsolutePath[1..],
                "--no-table-headers",
                "--quiet",
                .. columns,
            ]);
            lines.AddRange(listed.Split('\n').Select(line => $"{kind} {line}"));
        }

        return lines;
    }

    public Task ChangePasswordAsync(string user, string password) => ControlAsync("change_password", user, password);

    public Task PermitAsync(string user, string virtualHost, string configure, string write, string read) =>
        ControlAsync("set_permissions", "-p", virtualHost, user, configure, write, read);

    public Task CutConnectionsAsync() => ControlAsync("close_all_connections", "cut by a test");

    public Task SetDiskFreeLimitAsync(long bytes) => ControlAsync("set_disk_free_limit", $"{bytes}");

    public Task ConfigureAsync(string setting, long value) =>
        ControlAsync("eval", $"application:set_env(rabbit, {setting}, {value}).");

    public async Task<bool> BlocksAsync() =>
        (await ControlAsync("list_connections", "state")).Contains("blocked", StringComparison.Ordinal);

    protected override Task<bool> AnswersAsync() => AmqpHandshake.AnswersAsync(_container.Hostname, Port, authority);

    private static RabbitMqBuilder Builder(TestAuthority? authority)
    {
        var builder = new RabbitMqBuilder("rabbitmq:4.1-management");
        if (authority is null)
        {
            return builder.WithPortBinding(LoopbackPort.Free(), RabbitMqBuilder.RabbitMqPort);
        }

        const string Folder = "/etc/rabbitmq/tests";
        builder = builder
            .WithPortBinding(LoopbackPort.Free(), TlsPort)
            .WithResourceMapping(Bytes(TlsSettings.For($"{TlsPort}", Folder)), "/etc/rabbitmq/conf.d/20-tls.conf");
        return authority
            .Files()
            .Aggregate(builder, (b, file) => b.WithResourceMapping(Bytes(file.Text), $"{Folder}/{file.Name}"));
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

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
