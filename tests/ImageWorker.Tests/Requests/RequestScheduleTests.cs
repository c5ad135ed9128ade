using FsCheck.Xunit;
using ImageWorker.Requests;
using ImageWorker.Zpk;
using static ImageWorker.Tests.Saga.Happenings;

namespace ImageWorker.Tests.Requests;

public sealed class RequestScheduleTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly RequestOptions Options = new();

    [Theory]
    [InlineData(27, new double[] { 27 })]
    [InlineData(12, new double[] { 10, 12 })]
    [InlineData(10, new double[] { 10, 12.1 })]
    [InlineData(12, new double[] { 40, 12, 10, 20 })]
    [InlineData(3, new double[] { 2, 3, 3.5 })]
    [InlineData(1, new double[] { 0 })]
    [InlineData(2, new double[] { 0, 0.5, 2 })]
    [InlineData(300, new double[] { 86_400 })]
    public void A_check_comes_at_the_earliest_wait_together_with_those_soon_after(double expected, double[] waits) =>
        Assert.Equal(expected, WaitFor(waits.Select((wait, num) => Running(num, wait)).ToArray()));

    [Fact]
    public void An_image_without_a_wait_waits_the_default() => Assert.Equal(10, WaitFor(Running(0, wait: null)));

    [Fact]
    public void An_image_that_the_answer_leaves_out_waits_the_default() =>
        Assert.Equal(10, WaitFor(Running(0, wait: 30), Running(7, wait: 1)));

    [Fact]
    public void Images_that_are_settled_are_not_waited_for() =>
        Assert.Equal(40, WaitFor(Generated(0), Running(1, wait: 40)));

    [Fact]
    public void Nothing_is_checked_once_every_image_is_settled() =>
        Assert.Null(WaitFor(Generated(0), Failed(1, "CONTENT_POLICY_VIOLATION")));

    [Property]
    public bool A_check_is_never_sooner_than_the_least_wait_nor_later_than_the_longest(ushort[] tenths)
    {
        var wait = WaitFor([.. tenths.Append((ushort)5).Select((tenth, num) => Running(num, tenth / 10d))]);
        return wait is >= 1 and <= 300;
    }

    [Fact]
    public void A_backoff_doubles_up_to_the_longest()
    {
        var submission = new ImageSubmission();

        var waits = Enumerable.Range(0, 8).Select(_ => (submission.BackOff(Now, null, Options) - Now).TotalSeconds);

        Assert.Equal([2, 4, 8, 16, 32, 60, 60, 60], waits.ToList());
    }

    [Fact]
    public void A_backoff_of_any_length_does_not_overflow()
    {
        var submission = new ImageSubmission { Failures = int.MaxValue - 1 };

        Assert.Equal(Now + Options.MaxBackoff, submission.BackOff(Now, null, Options));
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(30, 30)]
    public void What_zpk_asked_for_counts_where_it_is_later(int notBefore, int expected) =>
        Assert.Equal(Now.AddSeconds(expected), new ImageSubmission().BackOff(Now, Now.AddSeconds(notBefore), Options));

    [Fact]
    public void The_timer_is_at_the_earliest_of_all_that_comes_due()
    {
        var (request, submission) = RequestCostsTests.Accepted(2);
        request.Deadline = Now.AddSeconds(1800);
        var alone = request.NextTick();
        submission.NextCheckAt = Now.AddSeconds(50);
        var withCheck = request.NextTick();
        request.Images[1].ResendAt = Now.AddSeconds(40);
        var withResend = request.NextTick();
        submission.NextSubmitAt = Now.AddSeconds(30);
        var withSubmit = request.NextTick();
        request.CloseBy = Now.AddSeconds(20);

        Assert.Equal(
            [1800, 50, 40, 30, 20],
            new[] { alone, withCheck, withResend, withSubmit, request.NextTick() }.Select(at => (at - Now).TotalSeconds)
        );
    }

    private static double? WaitFor(params ZpkImage[] images)
    {
        var (request, submission) = RequestCostsTests.Accepted(images.Length);
        var answer = Answer(null, images);
        request.Record(submission, answer);

        request.ScheduleCheck(submission, answer, Now, Options);

        return (submission.NextCheckAt - Now)?.TotalSeconds;
    }
}
