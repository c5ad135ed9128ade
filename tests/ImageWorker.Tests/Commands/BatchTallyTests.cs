using ImageWorker.Commands.Batches;
using Microsoft.Extensions.Time.Testing;

namespace ImageWorker.Tests.Commands;

public sealed class BatchTallyTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void The_time_left_follows_from_how_fast_rows_close_and_not_from_how_long_the_first_took()
    {
        var tally = new BatchTally(1000, _time);
        tally.Add(Closed(row: 1), isEarlier: true);

        _time.Advance(TimeSpan.FromSeconds(30));
        for (var row = 2; row < 21; row++)
        {
            tally.Add(Closed(row), isEarlier: false);
            Assert.Equal("", tally.TimeLeft);
            _time.Advance(TimeSpan.FromSeconds(0.1));
        }
        tally.Add(Closed(row: 21), isEarlier: false);

        // 979 rows, ten a second.
        Assert.Equal(", 2 min left", tally.TimeLeft);
    }

    private static BatchResult Closed(int row) =>
        new()
        {
            Row = row,
            RequestId = Guid.Empty,
            State = RowState.Ready,
        };
}
