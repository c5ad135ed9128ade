using System.Net;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace ImageWorker.Operations;

/// <summary>
/// Knows operators. With a key set, they are those who show it. Without one they are those who ask from this machine:
/// the worker listens on loopback alone, was asked for under a loopback name, and no proxy says that it passes the
/// request on. A web page that renamed itself to 127.0.0.1 does not get in by that.
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

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() =>
        Task.FromResult(
            (options.Value.IsSet ? IsKeyShown() : IsLocal())
                ? AuthenticateResult.Success(new(new(new ClaimsIdentity(Scheme.Name)), Scheme.Name))
                : AuthenticateResult.NoResult()
        );

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

    private Task RefuseAsync(int status, string why) =>
        Results.Text($"{why}\n", statusCode: status).ExecuteAsync(Context);

    private bool IsKeyShown() =>
        Request.Headers.Authorization is [{ } header]
        && Shown(header) is { } shown
        && options.Value.Current() is { } key
        && IsSame(shown, key);

    private static string? Shown(string header) =>
        header.Split(' ', 2, StringSplitOptions.TrimEntries) switch
        {
            [var scheme, var shown] when scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase) => shown,
            [var scheme, var basic] when scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase) => PasswordOf(
                basic
            ),
            _ => null,
        };

    /// <summary>Browsers ask for a name and a password: any name will do.</summary>
    private static string? PasswordOf(string basic)
    {
        var decoded = new byte[basic.Length];
        return
            Convert.TryFromBase64String(basic, decoded, out var length)
            && Encoding.UTF8.GetString(decoded, 0, length).Split(':', 2) is [_, var password]
            ? password
            : null;
    }

    /// <summary>In a time that tells nothing of either, their lengths included.</summary>
    private static bool IsSame(string shown, string key) =>
        CryptographicOperations.FixedTimeEquals(
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
