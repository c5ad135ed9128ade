using ImageWorker.Tests.Zpk;
using ImageWorker.Tests.ZpkSimulator;
using ImageWorker.Zpk;
using Microsoft.Extensions.Time.Testing;

namespace ImageWorker.Tests.Contract;

/// <summary>
/// What the client makes of each fault of the simulator's table, and what the ledger says was charged. Left out are
/// <c>http-402 after</c>, <c>http-429 after</c>, <c>balance after</c> and <c>expired after</c>: a service that charges
/// for a call that it says it refused. What <c>say</c> does is in <see cref="HostileAnswerTests"/>.
/// </summary>
public sealed class FaultTests
{
    private const string PriceOfTwo = "0.0760";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("reset before", typeof(GenerateOutcome.Unknown), 0)]
    [InlineData("reset after", typeof(GenerateOutcome.Unknown), 2)]
    [InlineData("http-500 before", typeof(GenerateOutcome.Unknown), 0)]
    [InlineData("http-500 after", typeof(GenerateOutcome.Unknown), 2)]
    [InlineData("http-502 before", typeof(GenerateOutcome.Unknown), 0)]
    [InlineData("http-502 after", typeof(GenerateOutcome.Unknown), 2)]
    [InlineData("http-503 before", typeof(GenerateOutcome.Unknown), 0)]
    [InlineData("http-503 after", typeof(GenerateOutcome.Unknown), 2)]
    [InlineData("http-503 7 before", typeof(GenerateOutcome.Unknown), 0)]
    [InlineData("http-503 7 after", typeof(GenerateOutcome.Unknown), 2)]
    [InlineData("http-429", typeof(GenerateOutcome.Busy), 0)]
    [InlineData("http-429 7", typeof(GenerateOutcome.Busy), 0)]
    [InlineData("http-402", typeof(GenerateOutcome.Refused), 0)]
    [InlineData("expired", typeof(GenerateOutcome.Refused), 0)]
    [InlineData("balance", typeof(GenerateOutcome.Refused), 0)]
    [InlineData("truncated", typeof(GenerateOutcome.Unknown), 2)]
    [InlineData("content-type", typeof(GenerateOutcome.Unknown), 2)]
    [InlineData("empty-images", typeof(GenerateOutcome.Unknown), 2)]
    [InlineData("unknown-status", typeof(GenerateOutcome.Accepted), 2)]
    [InlineData("missing-fields", typeof(GenerateOutcome.Accepted), 2)]
    [InlineData("unknown-request", typeof(GenerateOutcome.Accepted), 2)]
    [InlineData("latency 20", typeof(GenerateOutcome.Accepted), 2)]
    [InlineData("repeat-charge", typeof(GenerateOutcome.Accepted), 2)]
    [InlineData("repeat-refuse", typeof(GenerateOutcome.Accepted), 2)]
    [InlineData("repeat-same", typeof(GenerateOutcome.Accepted), 2)]
    public async Task A_generate_call_goes_out_once_and_a_check_tells_what_came_of_it(
        string fault,
        Type outcome,
        int imagesPaid
    )
    {
        await using var api = await ClientAndSimulator.StartAsync();
        api.Server.SetFaults($"{fault} generate");

        var generated = await api.GenerateAsync("a lighthouse", num: 2);
        api.Server.SetFaults();
        var check = await api.CheckAsync();

        Assert.IsType(outcome, generated);
        Assert.Equal(1, api.GenerateCalls);
        Assert.Equal(imagesPaid, api.Ledger.Totals.ImagesPaid);
        Assert.Equal(imagesPaid == 0 ? "0.0000" : PriceOfTwo, api.Ledger.Totals.Charged.ToString());
        Assert.IsType(imagesPaid == 0 ? typeof(CheckOutcome.NotFound) : typeof(CheckOutcome.Found), check);
    }

    [Theory]
    [InlineData("reset before", typeof(CheckOutcome.Unavailable), 4)]
    [InlineData("reset after", typeof(CheckOutcome.Unavailable), 4)]
    [InlineData("http-500 before", typeof(CheckOutcome.Unavailable), 4)]
    [InlineData("http-500 after", typeof(CheckOutcome.Unavailable), 4)]
    [InlineData("http-502 before", typeof(CheckOutcome.Unavailable), 4)]
    [InlineData("http-502 after", typeof(CheckOutcome.Unavailable), 4)]
    [InlineData("http-503", typeof(CheckOutcome.Unavailable), 4)]
    [InlineData("http-503 5", typeof(CheckOutcome.Unavailable), 4)]
    [InlineData("http-503 6", typeof(CheckOutcome.Unavailable), 1)]
    [InlineData("http-429", typeof(CheckOutcome.Unavailable), 4)]
    [InlineData("http-429 5", typeof(CheckOutcome.Unavailable), 4)]
    [InlineData("http-429 6", typeof(CheckOutcome.Unavailable), 1)]
    [InlineData("http-402", typeof(CheckOutcome.Refused), 1)]
    [InlineData("balance", typeof(CheckOutcome.Refused), 1)]
    [InlineData("expired", typeof(CheckOutcome.Refused), 1)]
    [InlineData("expired after", typeof(CheckOutcome.Refused), 1)]
    [InlineData("truncated", typeof(CheckOutcome.Unavailable), 4)]
    [InlineData("content-type", typeof(CheckOutcome.Unavailable), 4)]
    [InlineData("empty-images", typeof(CheckOutcome.Unavailable), 4)]
    [InlineData("unknown-status", typeof(CheckOutcome.Found), 1)]
    [InlineData("missing-fields", typeof(CheckOutcome.Found), 1)]
    [InlineData("unknown-request", typeof(CheckOutcome.NotFound), 1)]
    [InlineData("latency 5", typeof(CheckOutcome.Found), 1)]
    public async Task A_check_is_repeated_as_long_as_it_may_help_and_charges_nothing(
        string fault,
        Type outcome,
        int checkCalls
    )
    {
        await using var api = await ClientAndSimulator.StartAsync();
        await api.AcceptedAsync("a lighthouse", num: 2);
        api.Server.SetFaults($"{fault} check");

        var check = await api.CheckAsync();

        Assert.IsType(outcome, check);
        Assert.Equal(checkCalls, api.Ledger.Server.CheckCalls);
        Assert.Equal((1, PriceOfTwo), (api.GenerateCalls, api.Entry().Charged.ToString()));
    }

    [Theory]
    [InlineData("reset before")]
    [InlineData("reset after")]
    [InlineData("http-500")]
    [InlineData("http-502 after")]
    [InlineData("http-503 2")]
    [InlineData("http-429")]
    [InlineData("truncated")]
    [InlineData("content-type")]
    [InlineData("empty-images")]
    public async Task A_check_that_fails_once_finds_the_submission_the_next_time(string fault)
    {
        await using var api = await ClientAndSimulator.StartAsync();
        await api.AcceptedAsync("a lighthouse", num: 2);
        api.Server.SetFaults($"{fault} check x1");

        var found = await api.FoundAsync();

        Assert.Equal(2, found.Images.Count);
        Assert.Equal(2, api.Ledger.Server.CheckCalls);
    }

    [Theory]
    [InlineData("http-429", null)]
    [InlineData("http-429 7", 7)]
    [InlineData("http-429 0.2", 1)]
    [InlineData("http-429 retry-after=-5", 0)]
    [InlineData("http-429 retry-after=172800", 3600)]
    [InlineData("http-429 retry-after=Thu,+01+Jan+1970+00:00:00+GMT", 0)]
    [InlineData("http-429 retry-after=soon", null)]
    public async Task Busy_says_how_long_where_zpk_says_so(string fault, int? seconds)
    {
        await using var api = await ClientAndSimulator.StartAsync();
        api.Server.SetFaults(fault);

        var busy = Assert.IsType<GenerateOutcome.Busy>(await api.GenerateAsync("a lighthouse"));

        Assert.Equal(seconds, busy.RetryAfter?.TotalSeconds);
    }

    [Theory]
    [InlineData("http-429", null)]
    [InlineData("http-429 7", 7)]
    [InlineData("http-503", null)]
    [InlineData("http-503 7", 7)]
    public async Task Unavailable_says_how_long_where_zpk_says_so(string fault, int? seconds)
    {
        await using var api = await ClientAndSimulator.StartAsync();
        api.Server.SetFaults(fault);

        var unavailable = Assert.IsType<CheckOutcome.Unavailable>(await api.CheckAsync());

        Assert.Equal(seconds, unavailable.RetryAfter?.TotalSeconds);
    }

    [Fact]
    public async Task Expired_credentials_are_known_as_such_by_both_calls()
    {
        await using var api = await ClientAndSimulator.StartAsync();
        api.Server.SetFaults("expired");

        var generate = Assert.IsType<GenerateOutcome.Refused>(await api.GenerateAsync("a lighthouse"));
        var check = Assert.IsType<CheckOutcome.Refused>(await api.CheckAsync());

        Assert.True(generate.Errors.AreAboutCredentials());
        Assert.True(check.Errors.AreAboutCredentials());
    }

    [Theory]
    [InlineData("balance", "INSUFFICIENT_BALANCE")]
    [InlineData("http-402", "PAYMENT_REQUIRED")]
    public async Task An_empty_account_is_known_as_such_by_both_calls(string fault, string id)
    {
        await using var api = await ClientAndSimulator.StartAsync();
        api.Server.SetFaults(fault);

        var generate = Assert.IsType<GenerateOutcome.Refused>(await api.GenerateAsync("a lighthouse"));
        var check = Assert.IsType<CheckOutcome.Refused>(await api.CheckAsync());

        Assert.Equal((id, id), (generate.Errors[0].Id, check.Errors[0].Id));
        Assert.True(generate.Errors.AreAboutAccount() && check.Errors.AreAboutAccount());
        Assert.False(generate.Errors.AreAboutCredentials() || check.Errors.AreAboutCredentials());
    }

    [Fact]
    public async Task Missing_fields_are_null_and_the_submission_is_still_found_under_its_id()
    {
        await using var api = await ClientAndSimulator.StartAsync();
        api.Server.SetFaults("missing-fields");

        var accepted = await api.AcceptedAsync("a lighthouse", num: 2);
        var found = await api.FoundAsync();

        Assert.Equal((null, null), (accepted.UniqueRequestId, accepted.Cost));
        Assert.All(
            accepted.Images.Concat(found.Images),
            image => Assert.Equal((null, null, GenerationStatus.Pending), (image.WaitTime, image.Cost, image.Status))
        );
        Assert.Equal([0, 1], found.Images.Select(image => image.Num));
    }

    [Fact]
    public async Task A_server_that_answers_after_the_client_gave_up_leaves_it_unknown_and_unpaid()
    {
        await using var simulator = await Simulator.StartAsync();
        var time = new FakeTimeProvider();
        using var client = new ClientUnderTest(
            time: time,
            configure: zpk => zpk.BaseAddress = simulator.Server.BaseAddress
        );
        simulator.Server.SetFaults("latency 60 generate");

        var call = client.Zpk.GenerateAsync(ClientUnderTest.Parameters, Ct);
        await Eventually.TrueAsync(() => simulator.Server.ReadLedger().Server.GenerateCalls == 1);
        time.Advance(TimeSpan.FromSeconds(30));

        Assert.IsType<GenerateOutcome.Unknown>(await call);
        Assert.Equal(0, simulator.Server.ReadLedger().Totals.Submissions);
    }

    [Fact]
    public async Task A_hold_call_that_takes_longer_than_the_client_waits_is_unknown_and_paid_and_found()
    {
        await using var simulator = await Simulator.StartAsync();
        var time = new FakeTimeProvider();
        using var client = new ClientUnderTest(
            time: time,
            configure: zpk => zpk.BaseAddress = simulator.Server.BaseAddress
        );
        var parameters = ClientUnderTest.Parameters with { ConnectionType = ConnectionType.Hold };

        var call = client.Zpk.GenerateAsync(parameters, Ct);
        await Eventually.TrueAsync(() => simulator.Server.ReadLedger().Totals.Submissions == 1);
        time.Advance(TimeSpan.FromSeconds(30));

        Assert.IsType<GenerateOutcome.Unknown>(await call);
        Assert.IsType<CheckOutcome.Found>(await client.Zpk.CheckStatusAsync(parameters.UniqueRequestId!, Ct));
        Assert.Equal(
            (1, 1),
            (
                simulator.Server.ReadLedger().Server.GenerateCalls,
                simulator.Entry(parameters.UniqueRequestId!).TimesAccepted
            )
        );
    }

    [Fact]
    public async Task A_server_that_keeps_failing_is_left_alone_for_a_while_and_nothing_more_is_charged()
    {
        await using var api = await ClientAndSimulator.StartAsync(client: zpk => zpk.BreakerMinimumCalls = 3);
        api.Server.SetFaults("http-502 after");
        for (var call = 0; call < 3; call++)
            Assert.IsType<GenerateOutcome.Unknown>(await api.GenerateAsync("a lighthouse", id: $"call{call}"));

        var generate = await api.GenerateAsync("a lighthouse", id: "call3");
        var check = await api.CheckAsync("call0");

        Assert.IsType<GenerateOutcome.Busy>(generate);
        Assert.IsType<CheckOutcome.Unavailable>(check);
        Assert.Equal((3, 0, 3), (api.GenerateCalls, api.Ledger.Server.CheckCalls, api.Ledger.Totals.ImagesPaid));
    }
}
