using ImageWorker.Zpk;
using ImageWorker.ZpkSimulator.Api;

namespace ImageWorker.Tests.Contract;

/// <summary>What the API's page leaves open, in every form that the simulator knows.</summary>
public sealed class UndocumentedAnswerTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(UnknownRequestAnswer.Errors)]
    [InlineData(UnknownRequestAnswer.NotFound)]
    [InlineData(UnknownRequestAnswer.SuccessFalse)]
    public async Task An_id_never_sent_is_not_found(UnknownRequestAnswer form)
    {
        await using var api = await ClientAndSimulator.StartAsync(simulator => simulator.UnknownRequest = form);

        Assert.IsType<CheckOutcome.NotFound>(await api.CheckAsync());
        Assert.Equal((1, 1), (api.Ledger.Server.CheckCalls, api.Ledger.Server.UnknownChecks));
    }

    [Theory]
    [InlineData(UnknownRequestAnswer.Errors)]
    [InlineData(UnknownRequestAnswer.NotFound)]
    [InlineData(UnknownRequestAnswer.SuccessFalse)]
    public async Task A_submission_that_shows_late_is_not_found_and_then_found(UnknownRequestAnswer form)
    {
        await using var api = await ClientAndSimulator.StartAsync(simulator => simulator.UnknownRequest = form);
        api.Server.SetFaults("late 3 generate", "reset after generate");

        var generate = await api.GenerateAsync("a lighthouse");
        var soon = await api.CheckAsync();
        api.Clock.Advance(TimeSpan.FromSeconds(3));
        var later = await api.CheckAsync();

        Assert.IsType<GenerateOutcome.Unknown>(generate);
        Assert.IsType<CheckOutcome.NotFound>(soon);
        Assert.IsType<CheckOutcome.Found>(later);
        Assert.Equal((1, 1), (api.GenerateCalls, api.Entry().TimesAccepted));
    }

    [Theory]
    [InlineData(UnknownRequestAnswer.Errors)]
    [InlineData(UnknownRequestAnswer.NotFound)]
    [InlineData(UnknownRequestAnswer.SuccessFalse)]
    public async Task The_wait_for_completion_outlasts_a_submission_that_shows_late(UnknownRequestAnswer form)
    {
        await using var api = await ClientAndSimulator.StartAsync(simulator =>
        {
            simulator.UnknownRequest = form;
            simulator.VisibilityDelay = TimeSpan.FromSeconds(8);
        });
        await api.AcceptedAsync("a lighthouse");

        var outcome = await api.Zpk.WaitForCompletionAsync(ClientAndSimulator.Id, null, Ct);

        Assert.True(Assert.IsType<CheckOutcome.Found>(outcome).Answer.IsSettled);
    }

    [Theory]
    [InlineData(RepeatedIdAnswer.ChargeAgain, typeof(GenerateOutcome.Accepted), 2, "0.1520")]
    [InlineData(RepeatedIdAnswer.ReturnSame, typeof(GenerateOutcome.Accepted), 1, "0.0760")]
    [InlineData(RepeatedIdAnswer.Refuse, typeof(GenerateOutcome.Refused), 1, "0.0760")]
    public async Task A_repeated_id_is_accepted_again_or_refused(
        RepeatedIdAnswer form,
        Type outcome,
        int timesAccepted,
        string charged
    )
    {
        await using var api = await ClientAndSimulator.StartAsync(simulator => simulator.RepeatedId = form);
        await api.AcceptedAsync("a lighthouse", num: 2);

        var second = await api.GenerateAsync("a lighthouse", num: 2);

        Assert.IsType(outcome, second);
        Assert.Equal((2, timesAccepted), (api.GenerateCalls, api.Entry().TimesAccepted));
        Assert.Equal(charged, api.Entry().Charged.ToString());
    }

    [Theory]
    [InlineData("repeat-charge", typeof(GenerateOutcome.Accepted), 2)]
    [InlineData("repeat-same", typeof(GenerateOutcome.Accepted), 1)]
    [InlineData("repeat-refuse", typeof(GenerateOutcome.Refused), 1)]
    public async Task A_repeat_after_a_lost_answer_shows_why_a_check_must_come_first(
        string fault,
        Type outcome,
        int timesAccepted
    )
    {
        await using var api = await ClientAndSimulator.StartAsync();
        api.Server.SetFaults("reset after generate x1", fault);
        Assert.IsType<GenerateOutcome.Unknown>(await api.GenerateAsync("a lighthouse"));

        var second = await api.GenerateAsync("a lighthouse");

        Assert.IsType(outcome, second);
        Assert.Equal(timesAccepted, api.Entry().TimesAccepted);
    }

    [Fact]
    public async Task A_refused_repeat_names_the_id_and_is_not_about_the_credentials()
    {
        await using var api = await ClientAndSimulator.StartAsync(simulator =>
            simulator.RepeatedId = RepeatedIdAnswer.Refuse
        );
        await api.AcceptedAsync("a lighthouse");

        var refused = Assert.IsType<GenerateOutcome.Refused>(await api.GenerateAsync("a lighthouse"));

        Assert.Equal("unique_request_id", Assert.Single(refused.Errors).On);
        Assert.False(refused.Errors.AreAboutCredentials());
    }
}
