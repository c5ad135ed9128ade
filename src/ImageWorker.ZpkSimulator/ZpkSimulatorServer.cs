using System.Net;
using System.Net.Sockets;
using ImageWorker.ZpkSimulator.Api;
using ImageWorker.ZpkSimulator.Callbacks;
using ImageWorker.ZpkSimulator.Connections;
using ImageWorker.ZpkSimulator.Faults;
using ImageWorker.ZpkSimulator.Generation;
using ImageWorker.ZpkSimulator.Ledger;
using ImageWorker.ZpkSimulator.Limits;
using ImageWorker.ZpkSimulator.Pictures;
using ImageWorker.ZpkSimulator.Prompts;
using ImageWorker.ZpkSimulator.State;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ImageWorker.ZpkSimulator;

/// <summary>
/// A running stand-in ZPK server: real HTTP on a port of its own, in this process. It reads no configuration, handles
/// no signals and logs nothing unless asked to, so it can live inside another program.
/// </summary>
public sealed class ZpkSimulatorServer : IAsyncDisposable
{
    // A body is a prompt and a dozen short fields.
    private const int MaxBodySize = 1024 * 1024;

    private readonly WebApplication _app;
    private readonly FaultBoard _faults;
    private readonly LimitBoard _limits;
    private readonly CallLog _calls;
    private readonly LedgerBook _ledger;
    private readonly CallbackSender _callbacks;
    private readonly StateFile? _file;
    private readonly Action _reset;
    private Uri? _baseAddress;

    private ZpkSimulatorServer(SimulatorOptions options)
    {
        var dice = new Dice(options.Seed);
        var writer = new AnswerWriter(options);
        var book = new PromptBook();
        var resends = new ResendTracker();
        var counts = new CallCounts();
        var origins = new OriginCache(options.PublicAddress);
        var connections = new ConnectionCounter();
        _file = options.StateFile is { } path ? new StateFile(path) : null;
        _faults = new FaultBoard(dice);
        _faults.Replace(options.Faults);
        _limits = new LimitBoard(options.TimeProvider);
        _limits.Replace(options.Limits);
        _calls = new CallLog(options.TimeProvider);
        _callbacks = new CallbackSender(options, dice, writer);
        var store = new SubmissionStore(options, book, resends, _file);
        _ledger = new LedgerBook(options, store, _callbacks, _calls, counts, connections);
        _reset = () =>
        {
            store.Clear();
            _calls.Clear();
            counts.Clear();
            _callbacks.Clear();
            connections.Clear();
        };
        var earlier = _file?.ReadAll() ?? [];
        foreach (var accepted in earlier)
            _callbacks.Resume(store.Restore(accepted));

        var planner = new Planner(options, dice, resends);
        var router = new Router(
            new LimitGate(_limits, _calls),
            new GenerateEndpoint(options, book, _faults, planner, store, _callbacks, writer, origins, counts),
            new CheckStatusEndpoint(options, _faults, store, writer, origins, counts),
            new PictureEndpoint(options, store),
            new LedgerEndpoint(_ledger, _calls, _reset),
            new InForceEndpoint<FaultState>(
                _faults.Replace,
                () => _faults.States,
                InForceJson.Default.IReadOnlyListFaultState
            ),
            new InForceEndpoint<LimitState>(
                _limits.Replace,
                () => _limits.States,
                InForceJson.Default.IReadOnlyListLimitState
            )
        );
        _app = Build(options, PortFor(options, earlier), connections);
        _app.Run(router.HandleAsync);
    }

    /// <summary>Where clients reach it, for example <c>http://127.0.0.1:41234/</c>.</summary>
    public Uri BaseAddress => _baseAddress ?? throw new InvalidOperationException("The server has not been started.");

    /// <summary>The faults in force, with what is left of them.</summary>
    public IReadOnlyList<FaultState> Faults => _faults.States;

    /// <summary>The limits in force, with the calls that they let through and refused.</summary>
    public IReadOnlyList<LimitState> Limits => _limits.States;

    /// <summary>Starts a server and returns once it listens.</summary>
    /// <exception cref="System.ComponentModel.DataAnnotations.ValidationException">An option is out of range.</exception>
    /// <exception cref="FormatException">A fault or a limit in the options cannot be read.</exception>
    /// <exception cref="IOException">The port is taken, or the state file is in use.</exception>
    public static async Task<ZpkSimulatorServer> StartAsync(
        SimulatorOptions options,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        var server = new ZpkSimulatorServer(options);
        try
        {
            await server._app.StartAsync(cancellationToken);
            server._baseAddress = server.ReadAddress();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Replaces all faults in force; none lifts them. The words are the README's.</summary>
    /// <exception cref="FormatException">One cannot be read; nothing has changed.</exception>
    public void SetFaults(params IEnumerable<string> texts) => _faults.Replace(texts);

    /// <summary>Replaces all limits in force; none lifts them. The words are the README's.</summary>
    /// <exception cref="FormatException">One cannot be read; nothing has changed.</exception>
    public void SetLimits(params IEnumerable<string> texts) => _limits.Replace(texts);

    /// <summary>What <c>GET /_ledger</c> answers.</summary>
    /// <param name="tag">Only submissions whose prompt has this tag; null for all.</param>
    public LedgerReport ReadLedger(string? tag = null) => _ledger.Read(tag, entries: true);

    /// <summary>What <c>GET /_calls</c> answers.</summary>
    public CallsReport ReadCalls() => _calls.Read();

    /// <summary>Forgets all submissions and counts, in the state file too.</summary>
    public void Reset() => _reset();

    /// <summary>Ends open calls with a connection reset and stops listening. The state file stays.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _callbacks.Dispose();
        _file?.Dispose();
    }

    /// <summary>Any free port, but the last one again if it is free: the addresses of earlier pictures live on.</summary>
    private static int PortFor(SimulatorOptions options, List<AcceptedSubmission> earlier)
    {
        if (
            options.Port != 0
            || earlier is not [.., var last]
            || !Uri.TryCreate(last.Origin, UriKind.Absolute, out var origin)
        )
            return options.Port;
        var address = IPAddress.Parse(options.Address);
        using var probe = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Bind(new IPEndPoint(address, origin.Port));
            return origin.Port;
        }
        catch (SocketException)
        {
            return 0;
        }
    }

    private static WebApplication Build(SimulatorOptions options, int port, ConnectionCounter connections)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<IHostLifetime, EmbeddedLifetime>();
        if (options.LoggerFactory is { } logging)
            builder.Services.AddSingleton(logging);
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBodySize;
            kestrel.Listen(
                IPAddress.Parse(options.Address),
                port,
                listen =>
                {
                    listen.Protocols = HttpProtocols.Http1;
                    listen.Use(connections.Count);
                }
            );
        });
        return builder.Build();
    }

    private Uri ReadAddress()
    {
        var addresses = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        var address = new UriBuilder(addresses.Addresses.First());
        if (IPAddress.TryParse(address.Host, out var ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any)))
            address.Host = "127.0.0.1";
        return address.Uri;
    }

    /// <summary>
    /// The default lifetime would stop this server on SIGTERM at once, while the program around it still drains its work.
    /// </summary>
    private sealed class EmbeddedLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
