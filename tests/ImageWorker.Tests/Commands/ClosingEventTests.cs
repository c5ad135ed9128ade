using ImageWorker.Commands;
using ImageWorker.Contracts;

namespace ImageWorker.Tests.Commands;

public sealed class ClosingEventTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("1 picture, 0.0380 EUR, in 9.3 s.", 0.038, 0)]
    [InlineData("3 pictures, 0.1140 EUR, in 9.3 s.", 0.114, 0, 1, 2)]
    [InlineData("2 of 3 pictures, cost unknown, in 9.3 s. Image 1 failed: GENERAL_ERROR.", null, 0, -1, 2)]
    public void Ready_is_told_in_a_sentence(string sentence, double? cost, params int[] images)
    {
        var ready = new ImagesReady
        {
            RequestId = Guid.NewGuid(),
            Images = [.. images.Select((number, index) => Image(index, number >= 0 ? null : "GENERAL_ERROR"))],
            Cost = Cost((decimal?)cost),
            RequestedAt = Start,
            ClosedAt = Start.AddSeconds(9.34),
        };

        Assert.Equal(sentence, ClosingEvent.Sentence(ready));
    }

    [Fact]
    public void Failed_says_why_and_nothing_that_acts_on_a_terminal()
    {
        var failed = new ImagesFailed
        {
            RequestId = Guid.NewGuid(),
            Reason = FailureReason.RejectedByProvider,
            Errors = [new("BAD\e[2J", "no", null)],
            Images = [Image(0, "BAD")],
            Cost = Cost(0),
            RequestedAt = Start,
            ClosedAt = Start.AddSeconds(1),
        };

        Assert.Equal(
            @"No picture (RejectedByProvider), 0.0000 EUR, in 1.0 s. Image 0 failed: BAD. BAD\u001b[2J: no",
            ClosingEvent.Sentence(failed)
        );
    }

    private static ImageResult Image(int number, string? errorId) =>
        new()
        {
            Number = number,
            Status = errorId is null ? ImageStatus.Generated : ImageStatus.Failed,
            ErrorId = errorId,
            Attempts = 1,
        };

    private static RequestCost Cost(decimal? total) =>
        new()
        {
            Total = total,
            Estimated = null,
            Submissions = [],
        };
}
