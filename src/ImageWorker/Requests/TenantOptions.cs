using System.ComponentModel.DataAnnotations;

namespace ImageWorker.Requests;

/// <summary>
/// Limits of tenants, and who may name them; section <c>Tenants</c>. Each key but <c>Shared</c> and <c>Default</c> is a
/// tenant's name.
/// </summary>
public sealed class TenantOptions
{
    public const string Section = "Tenants";

    private const string Others = "other";

    /// <summary>
    /// True: the tenants that are not named here take turns as one, together with the commands that name none. Then
    /// fresh names win no turns. Default false.
    /// </summary>
    public bool Shared { get; set; }

    /// <summary>The limits of each tenant that is not named here, and of the commands that name none. Default no limits.</summary>
    public TenantLimits Default { get; set; } = new();

    /// <summary>The tenants that are named here.</summary>
    public IDictionary<string, NamedTenant> Named { get; } =
        new Dictionary<string, NamedTenant>(StringComparer.Ordinal);

    /// <summary>False if no tenant has a limit.</summary>
    public bool HasLimits =>
        Named.Values.Append(Default).Any(limits => limits.PerSecond is not null || limits.AtOnce is not null);

    /// <summary>The tenant whose turn a command's request takes.</summary>
    /// <param name="tenant">The tenant that the command names, or null.</param>
    public string LineOf(string? tenant) =>
        tenant is null || (Shared && !Named.ContainsKey(tenant)) ? RequestTurns.NoTenant : tenant;

    /// <summary>
    /// The tenant as a metric's label: its name if it is named here, else <c>other</c>. Anybody can invent tenants, and
    /// labels are bounded. Null if none is named here.
    /// </summary>
    public string? LabelOf(string? tenant) =>
        Named.Count == 0 ? null
        : tenant is not null && Named.ContainsKey(tenant) ? tenant
        : Others;

    /// <summary>All that <see cref="LabelOf"/> can say.</summary>
    public IEnumerable<string?> Labels => Named.Count == 0 ? [(string?)null] : Named.Keys.Append<string?>(Others);

    /// <summary>True if a user of the broker may name the tenant in commands.</summary>
    public bool MayName(string tenant, string user) =>
        !Named.TryGetValue(tenant, out var named)
        || named.Users.Count == 0
        || named.Users.Contains(user, StringComparer.Ordinal);

    /// <summary>The webhook of the tenant that a command names; null for none.</summary>
    public TenantWebhook? WebhookOf(string? tenant) =>
        tenant is not null && Named.TryGetValue(tenant, out var named) && named.Webhook.Url is not null
            ? named.Webhook
            : null;

    /// <summary>The limits of a tenant; null for none.</summary>
    /// <param name="line">The tenant as <see cref="LineOf"/> says it.</param>
    public (double? PerSecond, int? AtOnce) LimitsOf(string line)
    {
        var limits = Named.TryGetValue(line, out var named) ? named : Default;
        return (limits.PerSecond, limits.AtOnce);
    }
}

/// <summary>How much one tenant may have of ZPK.</summary>
public class TenantLimits
{
    /// <summary>Paid calls a second, over all workers; 0.5 is one every two seconds. Default null, no limit.</summary>
    [Range(0.001, 10_000)]
    public double? PerSecond { get; set; }

    /// <summary>Paid calls under way at once, over all workers. Default null, no limit.</summary>
    [Range(1, 100_000)]
    public int? AtOnce { get; set; }
}

/// <summary>A tenant that is named in the settings.</summary>
public sealed class NamedTenant : TenantLimits
{
    /// <summary>The broker's users that may name the tenant. Default none: each publisher may.</summary>
    public IList<string> Users { get; } = [];

    /// <summary>Where its closing events are posted to. Default nowhere.</summary>
    public TenantWebhook Webhook { get; set; } = new();
}
