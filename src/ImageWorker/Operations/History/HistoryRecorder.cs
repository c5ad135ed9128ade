using System.Diagnostics.Metrics;
using System.Text.Json;
using ImageWorker.Hosting;
using ImageWorker.Requests;
using ImageWorker.Storage;
using ImageWorker.Submission;
using ImageWorker.Telemetry;
using ImageWorker.Zpk;
using Microsoft.EntityFrameworkCore;

namespace ImageWorker.Operations.History;

/// <summary>
/// Keeps a short history for plots, for who has no Prometheus. It listens to this process's metrics and writes them every
/// ten seconds, a row for each <see cref="HistorySpan"/>. So it costs the same however many requests there are, and a
/// process that is killed loses ten seconds of it.
/// </summary>
public sealed partial class HistoryRecorder : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly Database _database;
    private readonly DatabaseState _state;
    private readonly WorkerIdentity _worker;
    private readonly CallPace _pace;
    private readonly TimeProvider _time;
    private readonly ILogger<HistoryRecorder> _logger;
    private readonly MeterListener _listener = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<HistorySpan, (DateTimeOffset At, HistoryCounts Counts)> _steps = [];
    private HistoryCounts _new = new();
    private DateTimeOffset _nextRemoval = DateTimeOffset.MinValue;

    public HistoryRecorder(
        IMeterFactory meters,
        Database database,
        DatabaseState state,
        WorkerIdentity worker,
        CallPace pace,
        TimeProvider time,
        ILogger<HistoryRecorder> logger
    )
    {
        (_database, _state, _worker, _pace, _time, _logger) = (database, state, worker, pace, time, logger);
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            // Tests have several workers in one process.
            if (
                ReferenceEquals(instrument.Meter.Scope, meters)
                && instrument.Meter.Name is WorkerMetrics.MeterName or ZpkImagesClient.MeterName
            )
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument.Name, value, tags));
        _listener.SetMeasurementEventCallback<double>(
            (instrument, value, tags, _) => Note(instrument.Name, value, tags)
        );
        _listener.Start();
    }

    public override void Dispose()
    {
        _listener.Dispose();
        base.Dispose();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Sweep.EveryAsync(Interval, _time, WriteWhenReadyAsync, error => Log.Failed(_logger, error), stoppingToken);

    /// <summary>Others say what the database lacks.</summary>
    private async Task WriteWhenReadyAsync(CancellationToken ct)
    {
        if (await _state.ProblemAsync(ct) is null)
            await WriteAsync(ct);
    }

    /// <summary>Writes what was counted since the last time, and removes what no plot shows any more.</summary>
    public Task WriteAsync(CancellationToken ct) =>
        _database.InAsync(async db =>
        {
            var now = _time.GetUtcNow();
            var rows = Take(now);
            foreach (var row in rows)
                await db.SaveHistoryAsync(row);
            if (now < _nextRemoval)
                return rows.Count;
            _nextRemoval = now + HistorySpan.Day.Step();
            foreach (var span in Enum.GetValues<HistorySpan>())
            {
                var first = span.FirstOf(now);
                await db.History.Where(row => row.Span == span && row.At < first).ExecuteDeleteAsync(ct);
            }
            return rows.Count;
        });

    private List<HistoryRow> Take(DateTimeOffset now)
    {
        lock (_gate)
        {
            if (_new.IsEmpty)
                return [];
            _new.Rate = _pace.Rate ?? 0;
            var rows = new List<HistoryRow>();
            foreach (var span in Enum.GetValues<HistorySpan>())
            {
                var at = span.BeginningOf(now);
                if (!_steps.TryGetValue(span, out var step) || step.At != at)
                    _steps[span] = step = (at, new());
                step.Counts.Add(_new);
                rows.Add(
                    new()
                    {
                        Span = span,
                        At = at,
                        Worker = _worker.Id,
                        Counts = JsonSerializer.Serialize(step.Counts, StoredJson.Default.HistoryCounts),
                    }
                );
            }
            _new = new();
            return rows;
        }
    }

    private void Note(string instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        // Series are started with a 0.
        if (value == 0)
            return;
        lock (_gate)
        {
            switch (instrument)
            {
                case "imageworker.requests.closed":
                    HistoryCounts.Add(_new.Closed, Tag(tags, "outcome") ?? "", (long)value);
                    break;
                case "imageworker.cost.eur":
                    HistoryCounts.Add(_new.CostByModel, Tag(tags, "model") ?? "", value);
                    if (Tag(tags, "tenant") is { } tenant)
                        HistoryCounts.Add(_new.CostByTenant, tenant, value);
                    break;
                case "imageworker.request.duration":
                    _new.AddDuration(value);
                    break;
                case "imageworker.zpk.call.duration":
                    _new.Calls++;
                    if (Tag(tags, "outcome") is { } outcome and not ("accepted" or "found"))
                        HistoryCounts.Add(_new.Errors, $"{Tag(tags, "call")} {outcome}", 1);
                    break;
                case "imageworker.pace.refused":
                    _new.Refused += (long)value;
                    break;
            }
        }
    }

    private static string? Tag(ReadOnlySpan<KeyValuePair<string, object?>> tags, string name)
    {
        foreach (var tag in tags)
        {
            if (tag.Key == name)
                return tag.Value as string;
        }
        return null;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The history for plots is not written: {Error}")]
        public static partial void Failed(ILogger logger, string error);
    }
}
