using ImageWorker.Operations;
using ImageWorker.Requests;

namespace ImageWorker.Tests.Operations;

public sealed class RequestLanesTests
{
    private static readonly DateTimeOffset Came = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Each_submission_has_a_lane_and_each_time_its_place()
    {
        var request = new ImageRequest
        {
            RequestedAt = Came,
            ClosedAt = After(20),
            Submissions =
            [
                new()
                {
                    Id = "first",
                    ImageNumbers = [0, 1],
                    CheckedAt = After(10),
                },
                new()
                {
                    Id = "resend",
                    ImageNumbers = [1],
                    CheckedAt = After(20),
                },
            ],
        };

        var lanes = RequestLanes.Of(request, [Accepted("first", 2, 3), Accepted("resend", 14, 15)], After(99));

        Assert.Equal(
            ["Until the first call", "submission of images 0, 1", "resend of image 1, attempt 2"],
            lanes.All.Select(lane => lane.Label),
            StringComparer.Ordinal
        );
        Assert.Equal(
            ["wait 0-10", "call 10-15 make 15-50 check 50", "wait 50-70 call 70-75 make 75-100 check 100"],
            lanes.All.Select(lane => Drawn(lanes, lane)),
            StringComparer.Ordinal
        );
        Assert.Equal([0, 5, 10, 15, 20], lanes.Ticks.Select(tick => tick.TotalSeconds));
    }

    [Fact]
    public void A_call_whose_end_is_not_known_is_told_apart()
    {
        var request = new ImageRequest
        {
            RequestedAt = Came,
            Submissions = [new() { Id = "lost", ImageNumbers = [0] }],
        };
        var entry = new SubmissionEntry
        {
            Id = "lost",
            State = LedgerState.Started,
            StartedAt = Came,
            LeaseUntil = After(30),
        };

        Assert.Equal("doubt 0-100", Drawn(RequestLanes.Of(request, [entry], After(60)), index: 1));
        Assert.Equal("call 0-100", Drawn(RequestLanes.Of(request, [entry], After(20)), index: 1));
    }

    private static string Drawn(RequestLanes lanes, int index) => Drawn(lanes, lanes.All[index]);

    private static string Drawn(RequestLanes lanes, Lane lane) =>
        string.Join(
            ' ',
            lane.Spans.Select(span => $"{span.Kind} {lanes.At(span.From):0}-{lanes.At(span.Until):0}")
                .Concat(lane.Marks.Select(mark => $"{mark.Kind} {lanes.At(mark.At):0}"))
        );

    private static SubmissionEntry Accepted(string id, int started, int settled) =>
        new()
        {
            Id = id,
            State = LedgerState.Accepted,
            StartedAt = After(started),
            SettledAt = After(settled),
        };

    private static DateTimeOffset After(int seconds) => Came.AddSeconds(seconds);
}
