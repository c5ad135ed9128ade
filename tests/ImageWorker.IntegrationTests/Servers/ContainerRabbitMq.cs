using System.Text;
using Testcontainers.RabbitMq;

namespace ImageWorker.IntegrationTests.Servers;

internal sealed class ContainerRabbitMq : ContainerServer, IRabbitMqServer
{
    private const int TlsPort = 5671;

    private readonly RabbitMqContainer _container;
    private readonly TestAuthority? _authority;

    /// <inheritdoc cref="InstalledRabbitMq(TestAuthority?)"/>
    public ContainerRabbitMq(TestAuthority? authority = null)
        : this(LoopbackPort.Free(), authority) { }

    private ContainerRabbitMq(int port, TestAuthority? authority)
        : this(Builder(port, authority).WithUsername("guest").WithPassword("guest").Build(), port, authority) { }

    private ContainerRabbitMq(RabbitMqContainer container, int port, TestAuthority? authority)
        : base(container, port) => (_container, _authority) = (container, authority);

    public override string ConnectionString =>
        _authority is null ? $"amqp://guest:guest@{Host}:{Port}/" : $"amqps://guest:guest@{_authority.Host}:{Port}/";

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
        return $"amqp://{name}:{password}@{Host}:{Port}/";
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

    public Task CutConnectionsAsync() => ControlAsync("close_all_connections", "--global", "cut by a test");

    public Task SetDiskFreeLimitAsync(long bytes) => ControlAsync("set_disk_free_limit", $"{bytes}");

    public Task ConfigureAsync(string setting, long value) => ControlAsync("eval", ErlangSetting.Set(setting, value));

    public async Task<bool> BlocksAsync() =>
        (await ControlAsync("list_connections", "state")).Contains("blocked", StringComparison.Ordinal);

    protected override Task<bool> AnswersAsync() => AmqpHandshake.AnswersAsync(Host, Port, _authority);

    private static RabbitMqBuilder Builder(int port, TestAuthority? authority)
    {
        var builder = new RabbitMqBuilder("rabbitmq:4.1-management");
        if (authority is null)
        {
            return builder.WithPortBinding(port, RabbitMqBuilder.RabbitMqPort);
        }

        const string Folder = "/etc/rabbitmq/tests";
        builder = builder
            .WithPortBinding(port, TlsPort)
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
