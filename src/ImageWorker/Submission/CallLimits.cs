using ImageWorker.Requests;
using ImageWorker.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace ImageWorker.Submission;

/// <summary>
/// How many paid calls may begin: by <see cref="SubmissionOptions.AtOnce"/>, and by the limits of each tenant. They hold
/// over all workers, so calls begin under a lock where there are limits, and only there.
/// </summary>
public sealed class CallLimits(
    IOptions<SubmissionOptions> options,
    IOptions<TenantOptions> tenantOptions,
    DatabaseClock clock,
    TimeProvider time
)
{
    /// <summary>How soon to look again for room among the calls under way.</summary>
    public static readonly TimeSpan FullPause = TimeSpan.FromMilliseconds(100);

    private readonly int? _atOnce = options.Value.AtOnce;
    private readonly TenantOptions _tenants = tenantOptions.Value;

    /// <inheritdoc cref="TenantOptions.LineOf"/>
    public string LineOf(string? tenant) => _tenants.LineOf(tenant);

    /// <summary>True if calls of this tenant have limits, be they its own or those of all.</summary>
    public bool Limit(string line) => _atOnce is not null || _tenants.LimitsOf(line) is not (null, null);

    /// <summary>Begins calls of these tenants, or of any, while no other worker does.</summary>
    /// <param name="db">The database.</param>
    /// <param name="lines">The tenants; null for any.</param>
    /// <param name="begin">Begins no more calls than there is room for, and notes each in the room.</param>
    public async Task<T> WithinAsync<T>(WorkerContext db, IEnumerable<string>? lines, Func<CallRoom, Task<T>> begin)
    {
        if (!(lines?.Any(Limit) ?? (_atOnce is not null || _tenants.HasLimits)))
            return await begin(new CallRoom());

        await using var transaction = await db.Database.BeginTransactionAsync();
        await db.LockClaimsAsync();
        var (now, _) = await clock.ReadAsync(db);
        var room = await MeasureAsync(db, now);
        var result = await begin(room);
        foreach (var (tenant, count) in room.Begun)
        {
            if (_tenants.LimitsOf(tenant).PerSecond is { } rate)
                await db.PaceTenantAsync(tenant, now + count * TimeSpan.FromSeconds(1 / rate));
        }
        await transaction.CommitAsync();
        return result;
    }

    private async Task<CallRoom> MeasureAsync(WorkerContext db, DateTimeOffset now)
    {
        var underWay = await db
            .Submissions.Where(entry => entry.State == LedgerState.Started && entry.LeaseUntil > now)
            .Join(
                db.Requests,
                entry => entry.RequestId,
                request => request.CorrelationId,
                (_, request) => request.Tenant
            )
            .GroupBy(tenant => tenant)
            .ToDictionaryAsync(tenant => tenant.Key, tenant => tenant.Count(), StringComparer.Ordinal);
        var next = await db
            .TenantPace.AsNoTracking()
            .Where(row => row.NextAt > now)
            .ToDictionaryAsync(row => row.Tenant, row => row.NextAt, StringComparer.Ordinal);

        var byTenant = underWay
            .Keys.Concat(next.Keys)
            .Concat(_tenants.Named.Keys)
            .Append(RequestTurns.NoTenant)
            .Distinct(StringComparer.Ordinal)
            .ToDictionary(tenant => tenant, RoomOf, StringComparer.Ordinal);
        return new()
        {
            All = _atOnce is { } limit ? Math.Max(limit - underWay.Values.Sum(), 0) : int.MaxValue,
            Tenants = new(byTenant, RoomOf("")),
            NextAt = tenant => time.GetUtcNow() + (next.TryGetValue(tenant, out var at) ? at - now : FullPause),
        };

        int RoomOf(string tenant)
        {
            var (rate, atOnce) = _tenants.LimitsOf(tenant);
            var byRate =
                rate is not { } perSecond ? int.MaxValue
                : next.ContainsKey(tenant) ? 0
                : Math.Max(1, (int)(perSecond * SubmissionPace.Ahead.TotalSeconds));
            var byCount = atOnce is { } most ? Math.Max(most - underWay.GetValueOrDefault(tenant), 0) : int.MaxValue;
            return Math.Min(byRate, byCount);
        }
    }
}

/// <summary>How many paid calls may begin now.</summary>
public sealed class CallRoom
{
    private readonly Dictionary<string, int> _begun = new(StringComparer.Ordinal);

    /// <summary>Of all tenants.</summary>
    public int All { get; init; } = int.MaxValue;

    public TenantRoom Tenants { get; init; } = TenantRoom.Unlimited;

    /// <summary>When a tenant that has no room may have some again, by this process's clock.</summary>
    public Func<string, DateTimeOffset> NextAt { get; init; } = _ => default;

    /// <summary>The calls that began, by tenant.</summary>
    public IReadOnlyDictionary<string, int> Begun => _begun;

    /// <summary>When to look again for tenants that have no room now; null if each has some.</summary>
    public DateTimeOffset? LookAgainAt =>
        Tenants.ByTenant.Where(tenant => tenant.Value == 0).Select(tenant => (DateTimeOffset?)NextAt(tenant.Key)).Min();

    /// <summary>True if one more call of this tenant may begin.</summary>
    public bool Has(string tenant) =>
        _begun.Values.Sum() < All && _begun.GetValueOrDefault(tenant) < Tenants.Of(tenant);

    /// <summary>Notes that a call begins.</summary>
    public void Note(string tenant) => _begun[tenant] = _begun.GetValueOrDefault(tenant) + 1;
}
