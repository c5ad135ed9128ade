using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace ImageWorker.Operations;

/// <summary>
/// Guards what operators see and nobody else should. With a key set, callers must show it. Without one they are let in
/// only if the worker listens on loopback alone and was asked for under a loopback name, which neither a proxy that
/// passes its public name on nor a web page that renamed itself to 127.0.0.1 does.
/// </summary>
public sealed class OperationsKey(IOptions<OperationsOptions> options, IServer server)
{
    /// <summary>The status and the one line for a caller that may not in; null for one that may.</summary>
    public (int Status, string Why)? Refusal(HttpRequest request)
    {
        if (options.Value.IsSet)
            return options.Value.Current() is { } key && IsShown(key, request.Headers.Authorization.ToString())
                ? null
                : (
                    StatusCodes.Status401Unauthorized,
                    "Show the key of Operations:Key or Operations:KeyFile as 'Authorization: Bearer KEY'."
                );
        return ListensOnLoopbackAlone() && IsLoopback(request.Host.Host)
            ? null
            : (
                StatusCodes.Status403Forbidden,
                "Off loopback this needs a key: set Operations:Key or Operations:KeyFile, and show it as 'Authorization: Bearer KEY'."
            );
    }

    private static bool IsShown(string key, string authorization) =>
        AuthenticationHeaderValue.TryParse(authorization, out var header)
        && header.Parameter is { } shown
        && (
            header.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase)
                ? IsSame(shown, key)
                : header.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase) && IsSame(PasswordOf(shown), key)
        );

    /// <summary>Browsers ask for a name and a password: any name will do.</summary>
    private static string PasswordOf(string basic)
    {
        var decoded = new byte[basic.Length];
        return
            Convert.TryFromBase64String(basic, decoded, out var length)
            && Encoding.UTF8.GetString(decoded, 0, length).Split(':', 2) is [_, var password]
            ? password
            : "";
    }

    /// <summary>In a time that tells nothing of either, their lengths included.</summary>
    private static bool IsSame(string shown, string key) =>
        CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(shown)),
            SHA256.HashData(Encoding.UTF8.GetBytes(key))
        );

    private bool ListensOnLoopbackAlone() =>
        server.Features.Get<IServerAddressesFeature>() is { Addresses: { Count: > 0 } addresses }
        && addresses.All(address => IsLoopback(BindingAddress.Parse(address).Host));

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
}

public static class OperationsKeyExtensions
{
    public static void AddOperationsKey(this IServiceCollection services) => services.AddSingleton<OperationsKey>();

    /// <summary>Puts <see cref="OperationsKey"/> before the endpoint, of whatever kind it is.</summary>
    public static TBuilder RequireOperationsKey<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder
    {
        endpoints.Add(endpoint =>
        {
            var next = endpoint.RequestDelegate ?? throw new InvalidOperationException($"{endpoint.DisplayName}?");
            endpoint.RequestDelegate = http =>
                http.RequestServices.GetRequiredService<OperationsKey>().Refusal(http.Request) is var (status, why)
                    ? RefuseAsync(http, status, why)
                    : next(http);
        });
        return endpoints;
    }

    private static Task RefuseAsync(HttpContext http, int status, string why)
    {
        http.Response.StatusCode = status;
        if (status == StatusCodes.Status401Unauthorized)
            http.Response.Headers.WWWAuthenticate = new(["Bearer", "Basic realm=\"ImageWorker\""]);
        return http.Response.WriteAsync($"{why}\n");
    }
}
