using System.Net;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using ImageWorker.Zpk;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace ImageWorker.Operations;

/// <summary>
/// Knows operators. Who shows the key may look and act, who shows the view key may look. With neither key set, those may
/// look who ask from this machine: the worker listens on loopback alone, was asked for under a loopback name, and no
/// proxy says that it passes the request on. A web page that renamed itself to 127.0.0.1 does not get in by that.
/// Nobody acts without a key.
/// </summary>
/// <remarks>It logs nothing: its base would tell of every call that is refused.</remarks>
public sealed class OperationsKey(
    IOptionsMonitor<AuthenticationSchemeOptions> schemes,
    IOptions<OperationsOptions> options,
    IServer server
) : AuthenticationHandler<AuthenticationSchemeOptions>(schemes, NullLoggerFactory.Instance, UrlEncoder.Default)
{
    /// <summary>
    /// What headers of a request that was passed on begin with. <c>X-Original-</c> is what ASP.NET, told to follow
    /// <c>X-Forwarded-</c>, renames it to.
    /// </summary>
    private static readonly string[] Forwarding = ["Forwarded", "X-Forwarded-", "X-Original-", "X-Real-IP", "Via"];

    /// <summary>Where a caller that shows the key as a Bearer token says who it is.</summary>
    private const string NameHeader = "X-Operator";

    /// <summary>In characters, the ellipsis of one that was cut included.</summary>
    private const int LongestName = 100;

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var shown = Request.Headers.Authorization is [{ } header] ? Shown(header) : default;
        string[] rights = (options.Value, shown.Key) switch
        {
            ({ IsSet: false }, _) => IsLocal() ? [OperationsAccess.Look] : [],
            (var keys, { } key) when IsSame(key, keys.CurrentKey()) => [OperationsAccess.Look, OperationsAccess.Act],
            (var keys, { } key) when IsSame(key, keys.CurrentViewKey()) => [OperationsAccess.Look],
            _ => [],
        };
        if (rights is [])
            return Task.FromResult(AuthenticateResult.NoResult());
        var caller = new ClaimsIdentity(rights.Select(right => new Claim(ClaimTypes.Role, right)), Scheme.Name);
        if (NameOf(shown.Name) is { } name)
            caller.AddClaim(new(ClaimTypes.Name, name));
        return Task.FromResult(AuthenticateResult.Success(new(new(caller), Scheme.Name)));
    }

    /// <summary>Answers a caller that may not in, with one line.</summary>
    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (!options.Value.IsSet)
            return RefuseAsync(
                StatusCodes.Status403Forbidden,
                "Off loopback, or through a proxy, this needs a key: set Operations:Key or Operations:KeyFile, and show it as 'Authorization: Bearer KEY'."
            );
        Response.Headers.WWWAuthenticate = new(["Bearer", "Basic realm=\"ImageWorker\""]);
        return RefuseAsync(
            StatusCodes.Status401Unauthorized,
            "Show the key of Operations:Key or Operations:KeyFile as 'Authorization: Bearer KEY'."
        );
    }

    /// <summary>Answers a caller that may look and wants to act.</summary>
    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        RefuseAsync(
            StatusCodes.Status403Forbidden,
            options.Value.IsSet
                ? "This key may look, not act: show the key of Operations:Key or Operations:KeyFile."
                : "Without a key one may look, not act: set Operations:Key or Operations:KeyFile, and show it as 'Authorization: Bearer KEY'."
        );

    private Task RefuseAsync(int status, string why) =>
        (
            Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase)
                ? Results.Problem(why, statusCode: status)
                : Results.Text($"{why}\n", statusCode: status)
        ).ExecuteAsync(Context);

    private static (string? Name, string? Key) Shown(string header) =>
        header.Split(' ', 2, StringSplitOptions.TrimEntries) switch
        {
            [var scheme, var shown] when scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase) => (null, shown),
            [var scheme, var basic] when scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase) => Basic(basic),
            _ => default,
        };

    /// <summary>Browsers ask for a name and a password: any name will do.</summary>
    private static (string? Name, string? Key) Basic(string basic)
    {
        var decoded = new byte[basic.Length];
        return
            Convert.TryFromBase64String(basic, decoded, out var length)
            && Encoding.UTF8.GetString(decoded, 0, length).Split(':', 2) is [var name, var password]
            ? (name, password)
            : default;
    }

    /// <summary>What the audit calls the caller; null where it says nothing. It proves nothing: who has the key may say any name.</summary>
    private string? NameOf(string? shown)
    {
        var name = (string.IsNullOrWhiteSpace(shown) ? $"{Request.Headers[NameHeader]}" : shown).Trim();
        return name.Length == 0 ? null : ShownText.Of(name, LongestName);
    }

    /// <summary>In a time that tells nothing of either, their lengths included.</summary>
    private static bool IsSame(string shown, string? key) =>
        key is not null
        && CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(shown)),
            SHA256.HashData(Encoding.UTF8.GetBytes(key))
        );

    private bool IsLocal() => ListensOnLoopbackAlone() && IsLoopback(Request.Host.Host) && !IsForwarded();

    private bool IsForwarded() =>
        Request.Headers.Keys.Any(name =>
            Array.Exists(Forwarding, start => name.StartsWith(start, StringComparison.OrdinalIgnoreCase))
        );

    private bool ListensOnLoopbackAlone() =>
        server.Features.Get<IServerAddressesFeature>() is { Addresses: { Count: > 0 } addresses }
        && addresses.All(address => IsLoopback(BindingAddress.Parse(address).Host));

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
}
