using System.Diagnostics;
using ImageWorker.Telemetry;

namespace ImageWorker.Tests.Telemetry;

/// <summary>Listens to the worker's spans, of every worker in this process.</summary>
internal sealed class Traced : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<Activity> _spans = [];
    private readonly ActivityListener _listener;

    public Traced()
    {
        _listener = new()
        {
            ShouldListenTo = source => source.Name is RequestTracing.SourceName,
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                lock (_gate)
                    _spans.Add(span);
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>The ended spans of one request by their name, in the order they ended.</summary>
    public IReadOnlyList<Activity> Of(Guid requestId, string name)
    {
        lock (_gate)
            return
            [
                .. _spans.Where(span =>
                    span.OperationName == name && requestId.Equals(span.GetTagItem(RequestTracing.RequestId))
                ),
            ];
    }

    /// <summary>The ended spans of all requests.</summary>
    public IReadOnlyList<Activity> All
    {
        get
        {
            lock (_gate)
                return [.. _spans];
        }
    }

    /// <summary>The only one of this name.</summary>
    public Activity One(Guid requestId, string name) => Assert.Single(Of(requestId, name));

    public void Dispose() => _listener.Dispose();
}
