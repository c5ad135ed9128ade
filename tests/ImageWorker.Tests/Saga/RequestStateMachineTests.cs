using ImageWorker.Requests;

namespace ImageWorker.Tests.Saga;

/// <summary>Every state and every event, late and repeated ones included: what it becomes, and what is said.</summary>
public sealed class RequestStateMachineTests(WorkerUnderTest worker) : IClassFixture<WorkerUnderTest>
{
    private const string Nothing = "";

    public static TheoryData<Given, Happening, string, string> Table { get; } =
        new()
        {
            { Given.Initial, Happening.Command, "Submitting", "SubmitImages" },
            { Given.Initial, Happening.AnotherCommand, "Submitting", "SubmitImages" },
            { Given.Initial, Happening.FaultyCommand, "none", "ImagesFailed" },
            { Given.Initial, Happening.CommandOverBudget, "Closed", "ImagesFailed" },
            { Given.Initial, Happening.Cancel, "Withdrawn", Nothing },
            { Given.Initial, Happening.Accepted, "none", Nothing },
            { Given.Initial, Happening.Refused, "none", Nothing },
            { Given.Initial, Happening.Deferred, "none", Nothing },
            { Given.Initial, Happening.DeferredInDoubt, "none", Nothing },
            { Given.Initial, Happening.SubmissionWithdrawn, "none", Nothing },
            { Given.Initial, Happening.CheckedGenerated, "none", Nothing },
            { Given.Initial, Happening.CheckedRunning, "none", Nothing },
            { Given.Initial, Happening.CheckUnavailable, "none", Nothing },
            { Given.Initial, Happening.CalledBack, "none", Nothing },
            { Given.Initial, Happening.TickSoon, "none", Nothing },
            { Given.Initial, Happening.TickAfterTheEnd, "none", Nothing },
            { Given.Initial, Happening.StaleTick, "none", Nothing },
            { Given.Withdrawn, Happening.Command, "Closed", "ImagesFailed" },
            { Given.Withdrawn, Happening.AnotherCommand, "Closed", "ImagesFailed" },
            { Given.Withdrawn, Happening.FaultyCommand, "Withdrawn", "ImagesFailed" },
            { Given.Withdrawn, Happening.CommandOverBudget, "Closed", "ImagesFailed" },
            { Given.Withdrawn, Happening.Cancel, "Withdrawn", Nothing },
            { Given.Withdrawn, Happening.Accepted, "Withdrawn", Nothing },
            { Given.Withdrawn, Happening.Refused, "Withdrawn", Nothing },
            { Given.Withdrawn, Happening.Deferred, "Withdrawn", Nothing },
            { Given.Withdrawn, Happening.DeferredInDoubt, "Withdrawn", Nothing },
            { Given.Withdrawn, Happening.SubmissionWithdrawn, "Withdrawn", Nothing },
            { Given.Withdrawn, Happening.CheckedGenerated, "Withdrawn", Nothing },
            { Given.Withdrawn, Happening.CheckedRunning, "Withdrawn", Nothing },
            { Given.Withdrawn, Happening.CheckUnavailable, "Withdrawn", Nothing },
            { Given.Withdrawn, Happening.CalledBack, "Withdrawn", Nothing },
            { Given.Withdrawn, Happening.TickSoon, "Withdrawn", Nothing },
            { Given.Withdrawn, Happening.TickAfterTheEnd, "Withdrawn", Nothing },
            { Given.Withdrawn, Happening.StaleTick, "Withdrawn", Nothing },
            { Given.Submitting, Happening.Command, "Submitting", Nothing },
            { Given.Submitting, Happening.AnotherCommand, "Submitting", "ImagesFailed" },
            { Given.Submitting, Happening.FaultyCommand, "Submitting", "ImagesFailed" },
            { Given.Submitting, Happening.CommandOverBudget, "Submitting", "ImagesFailed" },
            { Given.Submitting, Happening.Cancel, "Closing", Nothing },
            { Given.Submitting, Happening.Accepted, "Generating", Nothing },
            { Given.Submitting, Happening.Refused, "Closed", "ImagesFailed" },
            { Given.Submitting, Happening.Deferred, "Submitting", Nothing },
            { Given.Submitting, Happening.DeferredInDoubt, "Submitting", Nothing },
            { Given.Submitting, Happening.SubmissionWithdrawn, "Closed", "ImagesFailed" },
            { Given.Submitting, Happening.CheckedGenerated, "Submitting", Nothing },
            { Given.Submitting, Happening.CheckedRunning, "Submitting", Nothing },
            { Given.Submitting, Happening.CheckUnavailable, "Submitting", Nothing },
            { Given.Submitting, Happening.CalledBack, "Submitting", Nothing },
            { Given.Submitting, Happening.TickSoon, "Submitting", Nothing },
            { Given.Submitting, Happening.TickAfterTheEnd, "Closing", Nothing },
            { Given.Submitting, Happening.StaleTick, "Submitting", Nothing },
            { Given.Deferred, Happening.Command, "Submitting", Nothing },
            { Given.Deferred, Happening.AnotherCommand, "Submitting", "ImagesFailed" },
            { Given.Deferred, Happening.FaultyCommand, "Submitting", "ImagesFailed" },
            { Given.Deferred, Happening.CommandOverBudget, "Submitting", "ImagesFailed" },
            { Given.Deferred, Happening.Cancel, "Closing", Nothing },
            { Given.Deferred, Happening.Accepted, "Generating", Nothing },
            { Given.Deferred, Happening.Refused, "Closed", "ImagesFailed" },
            { Given.Deferred, Happening.Deferred, "Submitting", Nothing },
            { Given.Deferred, Happening.DeferredInDoubt, "Submitting", Nothing },
            { Given.Deferred, Happening.SubmissionWithdrawn, "Submitting", Nothing },
            { Given.Deferred, Happening.CheckedGenerated, "Submitting", Nothing },
            { Given.Deferred, Happening.CheckedRunning, "Submitting", Nothing },
            { Given.Deferred, Happening.CheckUnavailable, "Submitting", Nothing },
            { Given.Deferred, Happening.CalledBack, "Submitting", Nothing },
            { Given.Deferred, Happening.TickSoon, "Submitting", "SubmitImages" },
            { Given.Deferred, Happening.TickAfterTheEnd, "Closing", Nothing },
            { Given.Deferred, Happening.StaleTick, "Submitting", Nothing },
            { Given.InDoubt, Happening.Command, "Submitting", Nothing },
            { Given.InDoubt, Happening.AnotherCommand, "Submitting", "ImagesFailed" },
            { Given.InDoubt, Happening.FaultyCommand, "Submitting", "ImagesFailed" },
            { Given.InDoubt, Happening.CommandOverBudget, "Submitting", "ImagesFailed" },
            { Given.InDoubt, Happening.Cancel, "Closing", Nothing },
            { Given.InDoubt, Happening.Accepted, "Generating", Nothing },
            { Given.InDoubt, Happening.Refused, "Closed", "ImagesFailed" },
            { Given.InDoubt, Happening.Deferred, "Submitting", Nothing },
            { Given.InDoubt, Happening.DeferredInDoubt, "Submitting", Nothing },
            { Given.InDoubt, Happening.SubmissionWithdrawn, "Closed", "ImagesFailed" },
            { Given.InDoubt, Happening.CheckedGenerated, "Submitting", Nothing },
            { Given.InDoubt, Happening.CheckedRunning, "Submitting", Nothing },
            { Given.InDoubt, Happening.CheckUnavailable, "Submitting", Nothing },
            { Given.InDoubt, Happening.CalledBack, "Submitting", Nothing },
            { Given.InDoubt, Happening.TickSoon, "Submitting", "SubmitImages" },
            { Given.InDoubt, Happening.TickAfterTheEnd, "Closing", Nothing },
            { Given.InDoubt, Happening.StaleTick, "Submitting", Nothing },
            { Given.Generating, Happening.Command, "Generating", Nothing },
            { Given.Generating, Happening.AnotherCommand, "Generating", "ImagesFailed" },
            { Given.Generating, Happening.FaultyCommand, "Generating", "ImagesFailed" },
            { Given.Generating, Happening.CommandOverBudget, "Generating", "ImagesFailed" },
            { Given.Generating, Happening.Cancel, "Closed", "ImagesFailed" },
            { Given.Generating, Happening.Accepted, "Generating", Nothing },
            { Given.Generating, Happening.Refused, "Generating", Nothing },
            { Given.Generating, Happening.Deferred, "Generating", Nothing },
            { Given.Generating, Happening.DeferredInDoubt, "Generating", Nothing },
            { Given.Generating, Happening.SubmissionWithdrawn, "Generating", Nothing },
            { Given.Generating, Happening.CheckedGenerated, "Closed", "ImagesReady" },
            { Given.Generating, Happening.CheckedRunning, "Generating", Nothing },
            { Given.Generating, Happening.CheckUnavailable, "Generating", Nothing },
            { Given.Generating, Happening.CalledBack, "Generating", Nothing },
            { Given.Generating, Happening.TickSoon, "Generating", "CheckImages" },
            { Given.Generating, Happening.TickAfterTheEnd, "Closing", "CheckImages" },
            { Given.Generating, Happening.StaleTick, "Generating", Nothing },
            { Given.WaitingToResend, Happening.Command, "Generating", Nothing },
            { Given.WaitingToResend, Happening.AnotherCommand, "Generating", "ImagesFailed" },
            { Given.WaitingToResend, Happening.FaultyCommand, "Generating", "ImagesFailed" },
            { Given.WaitingToResend, Happening.CommandOverBudget, "Generating", "ImagesFailed" },
            { Given.WaitingToResend, Happening.Cancel, "Closed", "ImagesFailed" },
            { Given.WaitingToResend, Happening.Accepted, "Generating", Nothing },
            { Given.WaitingToResend, Happening.Refused, "Generating", Nothing },
            { Given.WaitingToResend, Happening.Deferred, "Generating", Nothing },
            { Given.WaitingToResend, Happening.DeferredInDoubt, "Generating", Nothing },
            { Given.WaitingToResend, Happening.SubmissionWithdrawn, "Generating", Nothing },
            { Given.WaitingToResend, Happening.CheckedGenerated, "Generating", Nothing },
            { Given.WaitingToResend, Happening.CheckedRunning, "Generating", Nothing },
            { Given.WaitingToResend, Happening.CheckUnavailable, "Generating", Nothing },
            { Given.WaitingToResend, Happening.CalledBack, "Generating", Nothing },
            { Given.WaitingToResend, Happening.TickSoon, "Generating", "SubmitImages" },
            { Given.WaitingToResend, Happening.TickAfterTheEnd, "Closed", "ImagesReady" },
            { Given.WaitingToResend, Happening.StaleTick, "Generating", Nothing },
            { Given.Closing, Happening.Command, "Closing", Nothing },
            { Given.Closing, Happening.AnotherCommand, "Closing", "ImagesFailed" },
            { Given.Closing, Happening.FaultyCommand, "Closing", "ImagesFailed" },
            { Given.Closing, Happening.CommandOverBudget, "Closing", "ImagesFailed" },
            { Given.Closing, Happening.Cancel, "Closing", Nothing },
            { Given.Closing, Happening.Accepted, "Closed", "ImagesFailed" },
            { Given.Closing, Happening.Refused, "Closed", "ImagesFailed" },
            { Given.Closing, Happening.Deferred, "Closing", Nothing },
            { Given.Closing, Happening.DeferredInDoubt, "Closing", Nothing },
            { Given.Closing, Happening.SubmissionWithdrawn, "Closed", "ImagesFailed" },
            { Given.Closing, Happening.CheckedGenerated, "Closing", Nothing },
            { Given.Closing, Happening.CheckedRunning, "Closing", Nothing },
            { Given.Closing, Happening.CheckUnavailable, "Closing", Nothing },
            { Given.Closing, Happening.CalledBack, "Closing", Nothing },
            { Given.Closing, Happening.TickSoon, "Closing", "SubmitImages" },
            { Given.Closing, Happening.TickAfterTheEnd, "Closed", "ImagesFailed" },
            { Given.Closing, Happening.StaleTick, "Closing", Nothing },
            { Given.LastCheck, Happening.Command, "Closing", Nothing },
            { Given.LastCheck, Happening.AnotherCommand, "Closing", "ImagesFailed" },
            { Given.LastCheck, Happening.FaultyCommand, "Closing", "ImagesFailed" },
            { Given.LastCheck, Happening.CommandOverBudget, "Closing", "ImagesFailed" },
            { Given.LastCheck, Happening.Cancel, "Closing", Nothing },
            { Given.LastCheck, Happening.Accepted, "Closing", Nothing },
            { Given.LastCheck, Happening.Refused, "Closing", Nothing },
            { Given.LastCheck, Happening.Deferred, "Closing", Nothing },
            { Given.LastCheck, Happening.DeferredInDoubt, "Closing", Nothing },
            { Given.LastCheck, Happening.SubmissionWithdrawn, "Closing", Nothing },
            { Given.LastCheck, Happening.CheckedGenerated, "Closed", "ImagesReady" },
            { Given.LastCheck, Happening.CheckedRunning, "Closed", "ImagesFailed" },
            { Given.LastCheck, Happening.CheckUnavailable, "Closed", "ImagesFailed" },
            { Given.LastCheck, Happening.CalledBack, "Closing", Nothing },
            { Given.LastCheck, Happening.TickSoon, "Closing", Nothing },
            { Given.LastCheck, Happening.TickAfterTheEnd, "Closed", "ImagesFailed" },
            { Given.LastCheck, Happening.StaleTick, "Closing", Nothing },
            { Given.Closed, Happening.Command, "Closed", "ImagesReady" },
            { Given.Closed, Happening.AnotherCommand, "Closed", "ImagesFailed" },
            { Given.Closed, Happening.FaultyCommand, "Closed", "ImagesFailed" },
            { Given.Closed, Happening.CommandOverBudget, "Closed", "ImagesFailed" },
            { Given.Closed, Happening.Cancel, "Closed", "ImagesReady" },
            { Given.Closed, Happening.Accepted, "Closed", Nothing },
            { Given.Closed, Happening.Refused, "Closed", Nothing },
            { Given.Closed, Happening.Deferred, "Closed", Nothing },
            { Given.Closed, Happening.DeferredInDoubt, "Closed", Nothing },
            { Given.Closed, Happening.SubmissionWithdrawn, "Closed", Nothing },
            { Given.Closed, Happening.CheckedGenerated, "Closed", Nothing },
            { Given.Closed, Happening.CheckedRunning, "Closed", Nothing },
            { Given.Closed, Happening.CheckUnavailable, "Closed", Nothing },
            { Given.Closed, Happening.CalledBack, "Closed", Nothing },
            { Given.Closed, Happening.TickSoon, "Closed", Nothing },
            { Given.Closed, Happening.TickAfterTheEnd, "Closed", Nothing },
            { Given.Closed, Happening.StaleTick, "Closed", Nothing },
        };

    [Theory]
    [MemberData(nameof(Table))]
    public async Task Every_event_in_every_state(Given given, Happening what, string becomes, string says)
    {
        var before = await worker.ReachAsync(given);

        var after = await worker.LetAsync(before, what);

        Assert.Equal((becomes, says), (after.State, after.Says));
        AssertWellFormed(after.Request);
    }

    [Fact]
    public void The_table_has_every_state_with_every_event_once()
    {
        var all = from given in Enum.GetValues<Given>() from what in Enum.GetValues<Happening>() select (given, what);

        var rows = Table.Select(row => (row.Data.Item1, row.Data.Item2)).ToList();

        Assert.Equal(all, rows);
    }

    [Theory]
    [InlineData(Given.Submitting, Happening.Command)]
    [InlineData(Given.Submitting, Happening.AnotherCommand)]
    [InlineData(Given.Submitting, Happening.StaleTick)]
    [InlineData(Given.Generating, Happening.Command)]
    [InlineData(Given.Generating, Happening.FaultyCommand)]
    [InlineData(Given.Generating, Happening.StaleTick)]
    [InlineData(Given.Submitting, Happening.CalledBack)]
    [InlineData(Given.WaitingToResend, Happening.CalledBack)]
    [InlineData(Given.Closing, Happening.Cancel)]
    [InlineData(Given.Closing, Happening.StaleTick)]
    [InlineData(Given.Closed, Happening.Command)]
    [InlineData(Given.Closed, Happening.AnotherCommand)]
    [InlineData(Given.Closed, Happening.Cancel)]
    [InlineData(Given.Closed, Happening.Accepted)]
    [InlineData(Given.Closed, Happening.CheckedRunning)]
    [InlineData(Given.Closed, Happening.TickAfterTheEnd)]
    public async Task An_event_that_changes_nothing_leaves_the_row_as_it_is(Given given, Happening what)
    {
        var before = await worker.ReachAsync(given);

        var after = await worker.LetAsync(before, what);

        Assert.Equivalent(before.Request, after.Request, strict: true);
    }

    /// <summary>What holds for a row whatever happened to it.</summary>
    private static void AssertWellFormed(ImageRequest? request)
    {
        if (request is null)
            return;
        var isClosed = request.State == "Closed";
        Assert.Equal(isClosed, request.ClosedAt is not null);
        Assert.Equal(request.State is "Closed" or "Withdrawn", request.NextTickAt is null);
        Assert.Equal(request.State == "Closing", request.CloseBy is not null);
        if (isClosed)
            Assert.All(request.Images, image => Assert.True(image.IsSettled));
    }
}
