using System.Text.Json;

namespace ImageWorker.Operations;

/// <summary>
/// Reads the status once a second, as long as somebody looks, and tells all who look what has changed. However many there
/// are, it is read and written out once.
/// </summary>
public sealed class StatusFeed(WorkerStatusReader reader, TimeProvider time, IHostApplicationLifetime lifetime)
    : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _reading = new(1);
    private Reading? _last;

    /// <summary>The status now. It is read anew: a page that is shown after an action must know of it.</summary>
    public async Task<WorkerStatus> NowAsync(CancellationToken ct) => (await ReadAsync(TimeSpan.Zero, ct)).Status;

    /// <summary>
    /// The fields of <see cref="StatusAnswer"/> that have changed, as JSON, at most once a second; all of them first. Ends
    /// when the worker stops.
    /// </summary>
    public async IAsyncEnumerable<string> Changes(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct
    )
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(ct, lifetime.ApplicationStopping);
        using var timer = new PeriodicTimer(Interval, time);
        IReadOnlyDictionary<string, string> told = new Dictionary<string, string>(StringComparer.Ordinal);
        do
        {
            var fields = (await ReadAsync(Interval * 0.9, leaving.Token)).Fields;
            var changed = fields.Where(field => told.GetValueOrDefault(field.Key) != field.Value).ToList();
            told = fields;
            if (changed.Count > 0)
                yield return $"{{{string.Join(',', changed.Select(field => $"\"{field.Key}\":{field.Value}"))}}}";
        } while (await timer.WaitForNextTickAsync(leaving.Token));
    }

    public void Dispose() => _reading.Dispose();

    private async Task<Reading> ReadAsync(TimeSpan freshness, CancellationToken ct)
    {
        await _reading.WaitAsync(ct);
        try
        {
            if (_last is { } last && time.GetElapsedTime(last.At) < freshness)
                return last;
            var at = time.GetTimestamp();
            var status = await reader.ReadAsync(ct);
            return _last = new(at, status, FieldsOf(status));
        }
        finally
        {
            _reading.Release();
        }
    }

    private static Dictionary<string, string> FieldsOf(WorkerStatus status) =>
        JsonSerializer
            .SerializeToElement(StatusAnswer.Of(status), ConsoleApi.Json)
            .EnumerateObject()
            .ToDictionary(field => field.Name, field => field.Value.GetRawText(), StringComparer.Ordinal);

    private sealed record Reading(long At, WorkerStatus Status, IReadOnlyDictionary<string, string> Fields);
}
