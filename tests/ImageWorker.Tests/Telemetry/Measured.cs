using System.Diagnostics.Metrics;
using ImageWorker.Submission;
using ImageWorker.Zpk;
using Microsoft.Extensions.DependencyInjection;

namespace ImageWorker.Tests.Telemetry;

/// <summary>Adds up what one worker counts, by <c>name{tag=value,…}</c>; of gauges and histograms it keeps each value.</summary>
internal sealed class Measured : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<double>> _values = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();

    public Measured(WorkerUnderTest worker)
    {
        var meters = worker.Services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listening) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, meters))
                listening.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<int>((i, value, tags, _) => Note(i, value, tags));
        _listener.SetMeasurementEventCallback<long>((i, value, tags, _) => Note(i, value, tags));
        _listener.SetMeasurementEventCallback<double>((i, value, tags, _) => Note(i, value, tags));
        _listener.Start();
        // Made by now; before a listener was there, it had told nobody.
        _ = worker.Services.GetRequiredService<ZpkImagesClient>();
        _ = worker.Services.GetRequiredService<ZpkGate>();
    }

    /// <summary>The sum of a counter; 0 where nothing was counted.</summary>
    public double Sum(string series) => Math.Round(Of(series).Sum(), 6);

    /// <summary>Every value of a histogram or gauge.</summary>
    public IReadOnlyList<double> Of(string series)
    {
        lock (_gate)
            return _values.TryGetValue(series, out var found) ? [.. found] : [];
    }

    /// <summary>Reads the gauges, as an exporter does.</summary>
    public void Observe()
    {
        lock (_gate)
            _values.Clear();
        _listener.RecordObservableInstruments();
    }

    public void Dispose() => _listener.Dispose();

    private void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = string.Join(
            ',',
            tags.ToArray().OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => $"{t.Key}={t.Value}")
        );
        var series = labels.Length == 0 ? instrument.Name : $"{instrument.Name}{{{labels}}}";
        lock (_gate)
        {
            if (!_values.TryGetValue(series, out var list))
                _values[series] = list = [];
            list.Add(value);
        }
    }
}
