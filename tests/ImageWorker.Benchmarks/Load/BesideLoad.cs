using System.Globalization;
using System.Text.RegularExpressions;
using ImageWorker.Contracts;
using ImageWorker.ZpkSimulator.Ledger;

namespace ImageWorker.Benchmarks.Load;

/// <summary>A tenant that sends a few requests beside a backlog, which is another's.</summary>
/// <param name="Tenant">Its name.</param>
/// <param name="PerSecond">Commands a second.</param>
/// <param name="Priority"><c>high</c>, <c>normal</c> or <c>low</c>.</param>
public sealed partial record BesideLoad(string Tenant, double PerSecond, string Priority)
{
    /// <summary>The tenant of the backlog.</summary>
    public const string Backlog = "backlog";

    private readonly Dictionary<Guid, DateTimeOffset> _published = [];

    /// <summary>The commands that were published.</summary>
    public IReadOnlyCollection<Guid> Ids => _published.Keys;

    /// <summary>Reads a text such as <c>shop 1/s high</c>.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static BesideLoad Parse(string text) =>
        Words().Match(text) is { Success: true } match
            ? new(
                match.Groups["tenant"].Value,
                double.Parse(match.Groups["rate"].Value, CultureInfo.InvariantCulture),
                match.Groups["priority"] is { Success: true } priority ? priority.Value : "normal"
            )
            : throw new FormatException($"'{text}' is no load of a tenant: 'shop 1/s' or 'shop 0.5/s high' is one.");

    /// <summary>Publishes for so long.</summary>
    public async Task PublishAsync(BrokerLink broker, TimeSpan time, int images, CancellationToken ct)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1 / PerSecond), TimeProvider.System);
        for (var number = 0; number < (int)(time.TotalSeconds * PerSecond); number++)
        {
            await timer.WaitForNextTickAsync(ct);
            var id = Guid.NewGuid();
            _published[id] = TimeProvider.System.GetUtcNow();
            await broker.PublishAsync(
                new GenerateImages
                {
                    RequestId = id,
                    Prompt = PromptOf(id),
                    Count = images,
                    Tenant = Tenant,
                    Priority = Priority,
                },
                ct
            );
        }
    }

    /// <summary>How long its requests waited from their publishing until ZPK accepted them.</summary>
    public BesideReport Report(LedgerReport ledger)
    {
        var starts = ledger
            .Submissions.GroupBy(entry => entry.Prompt, StringComparer.Ordinal)
            .ToDictionary(
                entries => entries.Key,
                entries => entries.Min(entry => entry.AcceptedAt),
                StringComparer.Ordinal
            );
        var waits = _published
            .Where(command => starts.ContainsKey(PromptOf(command.Key)))
            .Select(command => (starts[PromptOf(command.Key)] - command.Value).TotalSeconds)
            .Order()
            .ToList();
        return new(this, waits.Count, At(waits, 0.5), At(waits, 0.95), At(waits, 1));
    }

    private static double? At(List<double> sorted, double share) =>
        sorted.Count == 0 ? null : sorted[Math.Min((int)(sorted.Count * share), sorted.Count - 1)];

    private static string PromptOf(Guid id) => $"foxes beside a load, {id}";

    [GeneratedRegex(
        @"^(?<tenant>[a-z0-9._-]+) (?<rate>[0-9.]+)/s( (?<priority>high|normal|low))?$",
        RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Words();
}

/// <summary>How long a tenant's requests waited beside a backlog, in seconds.</summary>
public sealed record BesideReport(BesideLoad Load, int Started, double? P50, double? P95, double? Max)
{
    public override string ToString() =>
        FormattableString.Invariant(
            $"{Load.Tenant}, {Load.PerSecond}/s, {Load.Priority}: {Started} started after {P50:0.00} s (p50), {P95:0.00} s (p95), {Max:0.00} s at most"
        );
}
