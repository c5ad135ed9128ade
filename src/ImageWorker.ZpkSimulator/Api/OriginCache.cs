namespace ImageWorker.ZpkSimulator.Api;

/// <summary>Where pictures are: at a fixed address, or at scheme and host of the call. Clients keep to one host, so the last one
/// is kept.</summary>
internal sealed class OriginCache(Uri? fixedAddress)
{
    private readonly string? _fixed = fixedAddress?.AbsoluteUri.TrimEnd('/');

    private volatile string _last = "";

    public string Of(HttpRequest request)
    {
        if (_fixed is not null)
            return _fixed;
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
