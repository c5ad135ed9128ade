namespace ImageWorker.ZpkSimulator.Api;

/// <summary>Scheme and host of a call as one string; clients keep to one host, so the last one is kept.</summary>
internal sealed class OriginCache
{
    private volatile string _last = "";

    public string Of(HttpRequest request)
    {
        var cached = _last;
        var host = request.Host.Value ?? "";
        var scheme = request.Scheme;
        if (
            cached.Length == scheme.Length + 3 + host.Length
            && cached.StartsWith(scheme, StringComparison.Ordinal)
            && cached.EndsWith(host, StringComparison.Ordinal)
        )
            return cached;
        return _last = $"{scheme}://{host}";
    }
}
