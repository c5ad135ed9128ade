using System.Diagnostics.Metrics;
using ImageWorker.Contracts;
using ImageWorker.Requests;
using ImageWorker.Zpk;
using Microsoft.Extensions.Options;

namespace ImageWorker.Telemetry;

/// <summary>
/// The worker's metrics, under the meter <see cref="MeterName"/>. Steps count after their commit
/// (<see cref="Storage.UnitOfWork.AfterCommit"/>). A request's images and costs count when it closes, as its closing
/// event states them. The ZPK client times its own calls.
/// </summary>
public sealed class WorkerMetrics
{
    public const string MeterName = "ImageWorker";

    /// <summary>Any other error id of ZPK: labels are bounded.</summary>
    private const string Other = "other";

    private readonly TenantOptions _tenants;
    private readonly Counter<long> _received;
    private readonly Counter<long> _closed;
    private readonly Counter<long> _settled;
    private readonly Counter<long> _resends;
    private readonly Counter<long> _notDelivered;
    private readonly Counter<long> _dropped;
    private readonly Counter<long> _repliesDropped;
    private readonly Counter<long> _posts;
    private readonly Counter<double> _cost;
    private readonly Counter<double> _estimated;
    private readonly Histogram<double> _lateness;
    private readonly Histogram<double> _duration;

    /// <summary>Creates the instruments.</summary>
    /// <param name="meters">Makes the meter.</param>
    /// <param name="open">The open work that gauges show.</param>
    /// <param name="tenants">Tells which tenants are labels.</param>
    /// <param name="_">The exporter, if there is one. It must listen before anything is counted.</param>
    public WorkerMetrics(
        IMeterFactory meters,
        OpenWork open,
        IOptions<TenantOptions> tenants,
        OpenTelemetry.Metrics.MeterProvider? _ = null
    )
    {
        _tenants = tenants.Value;
        var meter = meters.Create(MeterName);
        _received = meter.CreateCounter<long>(
            "imageworker.requests.received",
            null,
            "Commands taken, refused ones included."
        );
        _closed = meter.CreateCounter<long>(
            "imageworker.requests.closed",
            null,
            "Requests closed: ready, or why they failed."
        );
        _settled = meter.CreateCounter<long>("imageworker.images.settled", null, "Images of closed requests.");
        _resends = meter.CreateCounter<long>(
            "imageworker.resends",
            null,
            "Submissions of one GENERAL_ERROR image each."
        );
        _notDelivered = meter.CreateCounter<long>(
            "imageworker.outbox.failures",
            null,
            "Tries to deliver an event that failed, by its exchange."
        );
        _dropped = meter.CreateCounter<long>(
            "imageworker.messages.dropped",
            null,
            "Messages that cannot be read, dropped because their error queue is full."
        );
        _repliesDropped = meter.CreateCounter<long>(
            "imageworker.replies.dropped",
            null,
            "Answers that a publisher asked for and does not get, by reason. Their events are published all the same."
        );
        _posts = meter.CreateCounter<long>(
            "imageworker.webhook.posts",
            null,
            "Tries to post a closing event to a tenant's webhook, by how they ended."
        );
        // The unit is part of the name, because exporters would write it in capitals.
        _cost = meter.CreateCounter<double>("imageworker.cost.eur", null, "EUR that ZPK reported for closed requests.");
        _estimated = meter.CreateCounter<double>(
            "imageworker.cost.estimated.eur",
            null,
            "EUR by the price table for the same submissions, those of unknown cost included."
        );
        _lateness = Seconds(
            "imageworker.tick.lateness",
            "From when a request came due until it was looked at.",
            [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
        );
        _duration = Seconds(
            "imageworker.request.duration",
            "From the command to the closing event.",
            [1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600]
        );

        meter.CreateObservableGauge("imageworker.requests.open", open.ByState, null, "Requests not closed.");
        meter.CreateObservableGauge(
            "imageworker.requests.waiting",
            open.Waiting,
            null,
            "Requests that wait in the database for their first turns."
        );
        meter.CreateObservableGauge(
            "imageworker.requests.longest_wait",
            open.LongestWait,
            "s",
            "How long the first of them has waited; 0 for none."
        );
        meter.CreateObservableGauge(
            "imageworker.submissions.unresolved",
            open.Unresolved,
            null,
            "Submissions that ZPK may have accepted and charged: nobody knows yet, or it could not be found out."
        );
        meter.CreateObservableGauge(
            "imageworker.outbox.messages",
            open.Undelivered,
            null,
            "Messages not delivered yet."
        );
        meter.CreateObservableGauge(
            "imageworker.outbox.oldest_age",
            open.OldestUndelivered,
            "s",
            "Age of the oldest of them; 0 for none."
        );
        BeginAtZero();

        Histogram<double> Seconds(string name, string description, double[] buckets) =>
            meter.CreateHistogram<double>(name, "s", description, null, new() { HistogramBucketBoundaries = buckets });
    }

    public void Received(string? tenant) => _received.Add(1, WithTenant(_tenants.LabelOf(tenant), []));

    /// <summary>Counts a command that was refused, and so closed.</summary>
    public void Refused(string? tenant)
    {
        Received(tenant);
        _closed.Add(1, WithTenant(_tenants.LabelOf(tenant), [new("outcome", nameof(FailureReason.InvalidRequest))]));
    }

    /// <summary>A try to deliver a message failed; its destination is one of few.</summary>
    public void NotDelivered(string destination) =>
        _notDelivered.Add(1, new KeyValuePair<string, object?>("exchange", destination.Split(':')[^1]));

    /// <summary>Messages from this queue were dropped; 0 starts the series.</summary>
    public void Dropped(string queue, int messages = 1) =>
        _dropped.Add(messages, new KeyValuePair<string, object?>("queue", queue));

    public void ReplyDropped(DroppedReply reason) =>
        _repliesDropped.Add(1, new KeyValuePair<string, object?>("reason", Word(reason)));

    /// <summary>A try to post to a webhook ended. Only tenants that are named in the settings have one.</summary>
    public void Posted(string? tenant, WebhookState state, int posts = 1) =>
        _posts.Add(
            posts,
            WithTenant(
                _tenants.LabelOf(tenant),
                [
                    new(
                        "outcome",
                        state switch
                        {
                            WebhookState.Delivered => "delivered",
                            WebhookState.Retrying => "failed",
                            _ => "given_up",
                        }
                    ),
                ]
            )
        );

    public void Resent() => _resends.Add(1);

    public void Ticked(TimeSpan late) => _lateness.Record(Math.Max(0, late.TotalSeconds));

    public void Closed(ImageRequest request, ZpkPrices prices)
    {
        var outcome = new KeyValuePair<string, object?>("outcome", request.Outcome());
        var tenant = _tenants.LabelOf(request.Command?.Tenant);
        _closed.Add(1, WithTenant(tenant, [outcome]));
        _duration.Record((request.ClosedAt!.Value - request.RequestedAt).TotalSeconds, outcome);

        foreach (var image in request.Images)
            _settled.Add(1, Settled(image.State is ImageState.Generated, image.ErrorId));

        // Without a submission the estimate is money that was not spent.
        if (request.Command is not { } command || request.Submissions.Count == 0)
            return;
        var sum = request.CostOf(prices);
        var labels = WithTenant(tenant, [new("model", command.Model), new("quality", command.Quality)]);
        _cost.Add((double)sum.Submissions.Sum(submission => submission.Cost ?? 0), labels);
        _estimated.Add((double)(sum.Estimated ?? 0), labels);
    }

    /// <summary>Starts all series at zero. A series that begins with its first event hides it from a rate.</summary>
    private void BeginAtZero()
    {
        _resends.Add(0);
        foreach (var tenant in (string?[])[null, .. _tenants.Named.Keys.Where(n => _tenants.WebhookOf(n) is not null)])
        {
            foreach (var state in Enum.GetValues<WebhookState>())
                Posted(tenant, state, posts: 0);
        }
        foreach (var reason in Enum.GetValues<DroppedReply>())
            _repliesDropped.Add(0, new KeyValuePair<string, object?>("reason", Word(reason)));
        foreach (var @event in (string[])[nameof(ImagesReady), nameof(ImagesFailed), nameof(ImageGenerated), "replies"])
            _notDelivered.Add(0, new KeyValuePair<string, object?>("exchange", @event));
        _settled.Add(0, Settled(true, null));
        foreach (var errorId in ErrorIds.Known.Append(Other))
            _settled.Add(0, Settled(false, errorId));
        foreach (var tenant in _tenants.Labels)
            BeginAtZero(tenant);
    }

    private void BeginAtZero(string? tenant)
    {
        _received.Add(0, WithTenant(tenant, []));
        foreach (var outcome in RequestOutcome.All.Append(nameof(FailureReason.InvalidRequest)))
            _closed.Add(0, WithTenant(tenant, [new("outcome", outcome)]));
        foreach (var model in ImageModel.All)
        {
            foreach (var quality in ImageQuality.All)
            {
                var labels = WithTenant(tenant, [new("model", model), new("quality", quality)]);
                _cost.Add(0, labels);
                _estimated.Add(0, labels);
            }
        }
    }

    private static string Word(DroppedReply reason) =>
        reason switch
        {
            DroppedReply.NotAllowed => "not_allowed",
            DroppedReply.TooMany => "too_many",
            DroppedReply.Unroutable => "unroutable",
            DroppedReply.NoRight => "no_right",
            _ => "rejected",
        };

    private static KeyValuePair<string, object?>[] Settled(bool isGenerated, string? errorId) =>
        [
            new("status", isGenerated ? "generated" : "failed"),
            new(
                "error_id",
                isGenerated ? ""
                    : ErrorIds.Known.Contains(errorId, StringComparer.Ordinal) ? errorId
                    : Other
            ),
        ];

    private static KeyValuePair<string, object?>[] WithTenant(string? tenant, KeyValuePair<string, object?>[] labels) =>
        tenant is null ? labels : [.. labels, new("tenant", tenant)];
}

/// <summary>Why an answer is not sent.</summary>
public enum DroppedReply
{
    /// <summary>It may not go where it is wanted.</summary>
    NotAllowed,

    /// <summary>Its request has <see cref="Asker.Most"/> already.</summary>
    TooMany,

    /// <summary>Its queue is gone.</summary>
    Unroutable,

    /// <summary>Its queue does not take it.</summary>
    Rejected,

    /// <summary>The worker may not write to the default exchange.</summary>
    NoRight,
}
