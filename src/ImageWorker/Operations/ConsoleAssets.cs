using System.Security.Cryptography;

namespace ImageWorker.Operations;

/// <summary>The pages' stylesheet, script and icon. They are built in, and their addresses change with them.</summary>
public static class ConsoleAssets
{
    private static readonly Dictionary<string, (string Type, byte[] Content)> Files = new(StringComparer.Ordinal)
    {
        ["console.css"] = ("text/css; charset=utf-8", Read("console.css")),
        ["console.js"] = ("text/javascript; charset=utf-8", Read("console.js")),
        ["icon.svg"] = ("image/svg+xml", Read("icon.svg")),
    };

    public static void MapAssets(this IEndpointRouteBuilder endpoints) =>
        endpoints
            .MapGet("/assets/{version}/{name}", (string name, HttpContext http) => Send(name, http))
            .ExcludeFromDescription();

    /// <summary>Where the file is, from the root of all pages.</summary>
    public static string AddressOf(string name) =>
        $"assets/{Convert.ToHexStringLower(SHA256.HashData(Files[name].Content))[..12]}/{name}";

    private static IResult Send(string name, HttpContext http)
    {
        if (!Files.TryGetValue(name, out var file))
            return Results.NotFound();
        http.Response.Headers.CacheControl = "private, max-age=31536000, immutable";
        return Results.Bytes(file.Content, file.Type);
    }

    private static byte[] Read(string name)
    {
        using var file = typeof(ConsoleAssets).Assembly.GetManifestResourceStream(name)!;
        using var content = new MemoryStream();
        file.CopyTo(content);
        return content.ToArray();
    }
}
