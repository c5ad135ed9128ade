using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace ImageWorker.IntegrationTests.Servers;

/// <summary>RabbitMQ from the machine's own binaries, with its own Erlang port mapper (epmd), no plugins, and nothing read
/// from /etc.</summary>
internal sealed partial class InstalledRabbitMq : InstalledServer, IRabbitMqServer
{
    // Not the wrapper in /usr/sbin, which insists on changing to its own user and home.
    private const string Program = "/usr/lib/rabbitmq/bin/rabbitmq-server";
    private const string Node = "rabbit@localhost";

    private static readonly UnprivilegedUser User = new("rabbitmq");

    // Every erl_call is a node of the same name: the node it talks to takes only one at a time.
    private static readonly SemaphoreSlim Calling = new(1);

    private readonly int _port = LoopbackPort.Free();
    private readonly int _epmdPort = LoopbackPort.Free();
    private readonly int _distributionPort = LoopbackPort.Free();
    private readonly TestAuthority? _authority;
    private readonly string _folder;

    /// <summary>One that takes TLS alone where there is an authority to vouch for it, and else speaks in the clear.</summary>
    public InstalledRabbitMq(TestAuthority? authority = null) =>
        (_authority, _folder) = (authority, Path.Combine(Leash.Folder, "rabbitmq"));

    public static bool IsInstalled => File.Exists(Program);

    public override string ConnectionString =>
        _authority is null
            ? $"amqp://guest:guest@127.0.0.1:{_port}/"
            : $"amqps://guest:guest@{_authority.Host}:{_port}/";

    protected override ProcessSignal OrderlyEnd => ProcessSignal.Terminate;

    private string Listener =>
        _authority is null ? $"listeners.tcp.1 = 127.0.0.1:{_port}" : TlsSettings.For($"127.0.0.1:{_port}", _folder);

    public async Task<string> CreateVirtualHostAsync(string name)
    {
        var answer = await EvaluateAsync(
            $"""
            ok = rabbit_vhost:add(<<"{name}">>, <<"tests">>),
            ok = rabbit_auth_backend_internal:set_permissions(
              <<"guest">>, <<"{name}">>, <<".*">>, <<".*">>, <<".*">>, <<"tests">>).

            """
        );
        return answer == "ok"
            ? ConnectionString + name
            : throw new InvalidOperationException($"The node did not create '{name}': {answer}");
    }

    public async Task<string> CreateUserAsync(string name, string password)
    {
        await EvaluateAsync(
            $"""
            rabbit_auth_backend_internal:add_user(<<"{name}">>, <<"{password}">>, <<"tests">>),
            rabbit_auth_backend_internal:set_permissions(
              <<"{name}">>, <<"/">>, <<".*">>, <<".*">>, <<".*">>, <<"tests">>).

            """
        );
        return $"amqp://{name}:{password}@127.0.0.1:{_port}/";
    }

    public async Task<IReadOnlyList<string>> ListAsync(string uri)
    {
        var listed = await EvaluateAsync(
            $$"""
            Host = <<"{{new Uri(uri).AbsolutePath[1..]}}">>,
            Name = fun(R) -> binary_to_list(element(4, R)) end,
            string:join(
              ["exchange " ++ Name(element(2, E)) || E <- rabbit_exchange:list(Host)] ++
              ["queue " ++ Name(amqqueue:get_name(Q)) || Q <- rabbit_amqqueue:list(Host)] ++
              ["binding " ++ Name(element(2, B)) ++ " " ++ Name(element(4, B)) || B <- rabbit_binding:list(Host)],
              "|").

            """
        );
        return listed.Trim('"').Split('|');
    }

    public async Task ChangePasswordAsync(string user, string password) =>
        await EvaluateAsync(
            $"rabbit_auth_backend_internal:change_password(<<\"{user}\">>, <<\"{password}\">>, <<\"tests\">>).\n"
        );

    public async Task PermitAsync(string user, string virtualHost, string configure, string write, string read) =>
        await EvaluateAsync(
            $"""
            rabbit_auth_backend_internal:set_permissions(
              <<"{user}">>, <<"{virtualHost}">>, {Text(configure)}, {Text(write)}, {Text(read)}, <<"tests">>).

            """
        );

    private static string Text(string pattern) => $"<<\"{pattern.Replace("\\", @"\\", StringComparison.Ordinal)}\">>";

    public async Task CutConnectionsAsync() =>
        await EvaluateAsync(
            "[rabbit_networking:close_connection(C, \"cut\") || C <- rabbit_networking:connections()], ok.\n"
        );

    public async Task SetDiskFreeLimitAsync(long bytes) =>
        await EvaluateAsync($"rabbit_disk_monitor:set_disk_free_limit({bytes}).\n");

    public async Task ConfigureAsync(string setting, long value) =>
        await EvaluateAsync($"{ErlangSetting.Set(setting, value)}\n");

    public async Task<bool> BlocksAsync() =>
        (await EvaluateAsync("lists:member([{state, blocked}], rabbit_networking:connection_info_all([state])).\n"))
            is "true";

    /// <summary>How many messages publishers have handed to the node since it started.</summary>
    public async Task<long> MessagesReceivedAsync() =>
        long.Parse(
            await EvaluateAsync(
                """
                lists:sum([V || {K, #{messages_received_total := V}} <- maps:to_list(rabbit_global_counters:overview()),
                  length(K) =:= 1]).

                """
            ),
            CultureInfo.InvariantCulture
        );

    /// <summary>Asks the node through erl_call, in 30 ms: rabbitmqctl boots a virtual machine first.</summary>
    private async Task<string> EvaluateAsync(string erlang)
    {
        await Calling.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            var cookie = await File.ReadAllTextAsync(At(".erlang.cookie"), TestContext.Current.CancellationToken);
            var startInfo = new ProcessStartInfo("erl_call", ["-sname", Node, "-c", cookie.Trim(), "-e"])
            {
                RedirectStandardInput = true,
                UseShellExecute = false,
            };
            startInfo.Environment["ERL_EPMD_PORT"] = $"{_epmdPort}";
            await using var call = ChildProcess.Start(startInfo, Leash);
            await call.WriteInputAsync(erlang);
            var code = await call.WaitForExitAsync();
            return code == 0 && Answer().Match(call.Tail) is { Success: true } answer
                ? answer.Groups["value"].Value
                : throw new InvalidOperationException($"{call} failed:\n{call.Tail}");
        }
        finally
        {
            Calling.Release();
        }
    }

    [GeneratedRegex(@"\{ok, (?<value>.*)\}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Answer();

    protected override async Task PrepareAsync()
    {
        if (Directory.Exists(_folder))
        {
            return;
        }

        await User.CreateFolderAsync(Leash, _folder);
        await User.CreateFolderAsync(Leash, At("conf.d"));
        await WriteAsync("enabled_plugins", "[].");
        await WriteAsync("rabbitmq-env.conf", "");
        // By default a disk with little space left blocks every publisher.
        await WriteAsync("rabbitmq.conf", $"disk_free_limit.absolute = 1MB\n{Listener}\n");
        foreach (var (name, text) in _authority?.Files() ?? [])
        {
            await WriteAsync(name, text);
        }
    }

    protected override ChildProcess Launch() =>
        User.Start(
            Leash,
            _folder,
            [Program],
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["RABBITMQ_NODENAME"] = Node,
                ["RABBITMQ_DIST_PORT"] = $"{_distributionPort}",
                ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
                ["ERL_EPMD_PORT"] = $"{_epmdPort}",
                ["RABBITMQ_MNESIA_BASE"] = At("data"),
                ["RABBITMQ_LOG_BASE"] = At("log"),
                ["RABBITMQ_LOGS"] = "-",
                ["RABBITMQ_CONF_ENV_FILE"] = At("rabbitmq-env.conf"),
                ["RABBITMQ_CONFIG_FILE"] = At("rabbitmq.conf"),
                ["RABBITMQ_CONFIG_FILES"] = At("conf.d"),
                ["RABBITMQ_ADVANCED_CONFIG_FILE"] = At("advanced.config"),
                ["RABBITMQ_ENABLED_PLUGINS_FILE"] = At("enabled_plugins"),
                ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "+S 2:2",
                // The start script then becomes the server instead of waiting beside it.
                ["detached"] = "true",
            }
        );

    protected override Task<bool> AnswersAsync() => AmqpHandshake.AnswersAsync("127.0.0.1", _port, _authority);

    private string At(string file) => Path.Combine(_folder, file);

    private async Task WriteAsync(string file, string text)
    {
        await File.WriteAllTextAsync(At(file), text, TestContext.Current.CancellationToken);
        File.SetUnixFileMode(At(file), UnprivilegedUser.Traversable);
    }
}
