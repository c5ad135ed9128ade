namespace ImageWorker.Zpk.Wire;

/// <summary>The page's rule, https only, with this machine excepted for simulators and tests.</summary>
internal static class AddressRule
{
    /// <summary>What is wrong with the address, to follow its name in a sentence; null where it will do.</summary>
    public static string? Problem(Uri? address, bool allowInsecure)
    {
        if (address is not { IsAbsoluteUri: true } || !(IsHttps(address) || IsHttp(address)))
            return "must be an absolute https address";
        if (address.UserInfo.Length > 0)
            return "must not carry a user name or password";
        return IsHttp(address) && !address.IsLoopback && !allowInsecure
            ? $"must be https: plain http goes only to this machine, unless {ZpkOptions.Section}:{nameof(ZpkOptions.AllowInsecure)} is true"
            : null;
    }

    private static bool IsHttps(Uri address) => address.Scheme == Uri.UriSchemeHttps;

    private static bool IsHttp(Uri address) => address.Scheme == Uri.UriSchemeHttp;
}
