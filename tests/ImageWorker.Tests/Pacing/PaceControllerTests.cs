using ImageWorker.Pacing;

namespace ImageWorker.Tests.Pacing;

public sealed class PaceControllerTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly PaceLimits NoLimits = new(PerSecond: null, AtOnce: null);
    private static readonly Guid One = new("00000000-0000-0000-0000-000000000001");
    private static readonly Guid Two = new("00000000-0000-0000-0000-000000000002");

    private DateTimeOffset _now = Start;

    [Fact]
    public void Without_a_refusal_nothing_is_paced()
    {
        var grant = Exchange(
            new(),
            new(One)
            {
                Begun = [Start],
                UnderWay = 1,
                Wanted = 500,
            }
        );

        Assert.True(grant.IsUnlimited);
        Assert.Null(grant.AtOnce);
        Assert.Equal(Start.AddSeconds(1), grant.AskAgainAt);
    }

    [Fact]
    public void Nobody_asks_again_who_has_nothing_to_do() => Assert.Null(Exchange(new(), new(One)).AskAgainAt);

    [Theory]
    [InlineData(5, 5)]
    [InlineData(0.5, 0.8)]
    public void Who_opens_late_begins_at_what_passed_before_the_pause(double pause, double opens)
    {
        var state = new PaceState();
        var begun = Enumerable.Range(0, 100).Select(num => Start.AddMilliseconds(num * pause)).ToList();
        _now = begun[^1].AddMilliseconds(5);
        Exchange(
            state,
            new(One)
            {
                Begun = begun,
                Refused = [new(begun[^1], null)],
                Wanted = 10,
            }
        );

        _now = Start.AddSeconds(opens);
        Exchange(state, new(Two) { Wanted = 10 });

        Assert.InRange(state.Rate!.Value, 50, 70);
    }

    [Fact]
    public void The_first_refusal_pauses_all_for_a_moment_and_then_calls_begin_at_what_passed()
    {
        var state = new PaceState();
        var begun = Enumerable.Range(0, 100).Select(num => Start.AddMilliseconds(num * 5)).ToList();
        _now = Start.AddMilliseconds(500);

        var met = Exchange(
            state,
            new(One)
            {
                Begun = begun,
                Refused = [new(begun[^1], null)],
                Wanted = 10,
            }
        );
        _now = met.ClosedUntil!.Value;
        var opened = Exchange(state, new(Two) { Wanted = 10 });

        Assert.Equal(Start.AddMilliseconds(750), met.ClosedUntil);
        Assert.Empty(met.Slots);
        Assert.Equal(0.7 * 99, state.Rate!.Value, tolerance: 0.1);
        Assert.NotEmpty(opened.Slots);
    }

    [Fact]
    public void Slots_are_spaced_evenly_at_most_100_ms_ahead_and_no_more_than_are_wanted()
    {
        var state = Paced(rate: 100);

        var many = Exchange(state, new(One) { Wanted = 50 });
        var few = Exchange(Paced(rate: 100), new(One) { Wanted = 2 });

        Assert.All(many.Slots, slot => Assert.InRange(slot, _now, _now.AddMilliseconds(100)));
        Assert.All(
            many.Slots.Zip(many.Slots.Skip(1)),
            pair => Assert.Equal(10, (pair.Second - pair.First).TotalMilliseconds, 0.1)
        );
        Assert.Equal(2, few.Slots.Count);
    }

    [Fact]
    public void The_ceiling_holds_before_any_refusal_and_does_not_forget_what_was_found()
    {
        Assert.False(Exchange(new(), new(One) { Wanted = 5 }, new(PerSecond: 10, AtOnce: null)).IsUnlimited);

        var state = Paced(rate: 50);
        for (var begun = 0; begun < 30; _now = _now.AddMilliseconds(50))
            begun += Exchange(
                state,
                new(One) { Begun = [_now], Wanted = 50 },
                new(PerSecond: 10, AtOnce: null)
            ).Slots.Count;

        Assert.InRange((_now - Start).TotalSeconds, 2.7, 3.3);
        Assert.Equal(50, state.Rate!.Value, tolerance: 0.1);
    }

    [Theory]
    [InlineData(0.0, null)]
    [InlineData(null, 0)]
    public void With_a_ceiling_of_zero_no_call_begins(double? perSecond, int? atOnce)
    {
        var state = new PaceState();
        for (; _now < Start.AddMinutes(5); _now = _now.AddSeconds(1))
        {
            var grant = Exchange(state, new(One) { Wanted = 5 }, new(perSecond, atOnce));
            Assert.Empty(grant.Slots);
            Assert.True(grant.AtOnce == 0 || !grant.IsUnlimited);
        }
    }

    [Fact]
    public void Who_uses_less_than_three_quarters_of_the_slots_does_not_climb()
    {
        var (half, full) = (Paced(rate: 20), Paced(rate: 20));
        for (var step = 0; step < 1200; step++, _now = _now.AddMilliseconds(50))
        {
            if (step % 2 == 0)
                Exchange(half, new(One) { Begun = [_now], Wanted = 1 });
            Exchange(full, new(One) { Begun = [_now], Wanted = 100 });
        }

        Assert.InRange(half.Rate!.Value, 20, 21);
        Assert.InRange(full.Rate!.Value, 100, double.MaxValue);
    }

    [Fact]
    public void The_limit_is_forgotten_after_ten_idle_minutes()
    {
        var state = Paced(rate: 20);
        Exchange(state, new(One) { Begun = [_now], Wanted = 1 });

        _now = _now.AddMinutes(9);
        Assert.False(Exchange(state, new(One) { Wanted = 1 }).IsUnlimited);
        _now = _now.AddMinutes(2);
        Assert.True(Exchange(state, new(One) { Wanted = 1 }).IsUnlimited);
    }

    [Theory]
    [InlineData(null, 1)]
    [InlineData(-5.0, 1)]
    [InlineData(0.0, 1)]
    [InlineData(7.0, 7)]
    [InlineData(86_400.0 * 30, 600)]
    [InlineData(9e11, 600)]
    public void If_most_are_refused_all_pause_as_long_as_was_asked_but_ten_minutes_at_most(double? asked, double pause)
    {
        var state = RefuseAll(asked);

        Assert.Equal(PacePhase.Paused, state.Phase);
        Assert.Equal(pause, (state.ClosedUntil!.Value - _now).TotalSeconds, tolerance: 0.001);
    }

    [Fact]
    public void The_shortest_wait_that_was_asked_for_counts()
    {
        var state = RefuseAll(30, 12, 600);

        Assert.Equal(12, (state.ClosedUntil!.Value - _now).TotalSeconds, tolerance: 0.001);
    }

    [Fact]
    public void After_a_pause_one_call_is_tried_and_all_wait_for_its_answer()
    {
        var state = RefuseAll(7);
        _now = state.ClosedUntil!.Value;

        var tried = Exchange(state, new(One) { Wanted = 50 });
        var other = Exchange(state, new(Two) { Wanted = 50 });
        var trial = Assert.Single(tried.Slots);
        _now = _now.AddMilliseconds(50);
        Exchange(
            state,
            new(One)
            {
                Begun = [trial],
                Refused = [new(trial, TimeSpan.FromSeconds(9))],
                Wanted = 50,
            }
        );

        Assert.Empty(other.Slots);
        Assert.Equal(_now.AddSeconds(9), state.ClosedUntil);
    }

    [Fact]
    public void A_trial_that_passes_opens_the_way_again()
    {
        var state = RefuseAll(7);
        _now = state.ClosedUntil!.Value;

        var tried = Exchange(state, new(One) { Wanted = 50 });
        _now = tried.AskAgainAt!.Value;
        var closed = Exchange(state, new(Two) { Wanted = 50 });
        _now = closed.AskAgainAt!.Value;
        var opened = Exchange(state, new(Two) { Wanted = 50 });

        Assert.Empty(closed.Slots);
        Assert.NotEmpty(opened.Slots);
        Assert.True(state.SlowStart);
    }

    [Fact]
    public void What_others_hold_is_not_given_away_until_they_give_it_back()
    {
        var (state, limits) = (new PaceState(), new PaceLimits(PerSecond: null, AtOnce: 10));

        var all = Exchange(state, new(One) { Wanted = 50 }, limits);
        var none = Exchange(state, new(Two) { Wanted = 50 }, limits);
        var less = Exchange(state, new(One) { UnderWay = 7, Wanted = 50 }, limits);
        var some = Exchange(state, new(Two) { Wanted = 50 }, limits);

        Assert.Equal([10, 0, 5, 3], [all.AtOnce, none.AtOnce, less.AtOnce, some.AtOnce]);
    }

    [Fact]
    public void Workers_take_turns_if_the_ceiling_is_lower_than_their_number()
    {
        var (state, limits) = (new PaceState(), new PaceLimits(PerSecond: null, AtOnce: 1));
        var had = new HashSet<Guid>();
        for (; _now < Start.AddSeconds(10); _now = _now.AddMilliseconds(100))
        {
            foreach (var worker in (Guid[])[One, Two])
            {
                if (Exchange(state, new(worker) { Wanted = 5 }, limits).AtOnce == 1)
                    had.Add(worker);
                Assert.InRange(state.Workers.Values.Sum(each => each.Holds), 0, 1);
            }
        }

        Assert.Equal(2, had.Count);
    }

    [Fact]
    public void A_worker_that_is_alone_has_its_share_and_never_what_others_hold()
    {
        var state = Paced(rate: 40);
        var limits = new PaceLimits(PerSecond: 100, AtOnce: 10);
        Exchange(state, new(Two) { Wanted = 50 }, limits);
        Exchange(state, new(One) { UnderWay = 6, Wanted = 50 }, limits);
        Exchange(state, new(Two) { Wanted = 50 }, limits);

        var alone = PaceController.Alone(state, Two, _now);
        _now = _now.AddMinutes(1);
        var grant = Exchange(alone, new(Two) { Wanted = 50 }, limits);

        Assert.Equal(20, alone.Rate!.Value, tolerance: 0.1);
        Assert.Equal(4, grant.AtOnce);
    }

    [Fact]
    public void A_clock_that_is_set_back_or_forward_stalls_nothing()
    {
        var state = Paced(rate: 50);
        for (var num = 0; num < 40; num++, _now = _now.AddMilliseconds(50))
            Exchange(state, new(One) { Begun = [_now], Wanted = 50 });

        foreach (var jump in (double[])[-86_400, 86_400 * 400.0, -3])
        {
            _now = _now.AddSeconds(jump);
            Exchange(state, new(One) { Wanted = 50 });
            _now = _now.AddSeconds(2);
            var grant = Exchange(state, new(One) { Wanted = 50 });
            Assert.True(grant.IsUnlimited || grant.Slots.Count > 0);
        }
    }

    [Fact]
    public void The_state_is_the_same_after_it_was_stored()
    {
        var state = RefuseAll(7);
        Exchange(state, new(Two) { UnderWay = 3, Wanted = 5 });

        Assert.Equal(state.ToJson(), PaceState.Parse(state.ToJson()).ToJson());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"Rate\":\"fast\"}")]
    [InlineData("{\"LastSlot\":\"soon\"}")]
    [InlineData("{\"LastSlot\":1.5}")]
    [InlineData("{\"Workers\":null}")]
    [InlineData("{\"Recent\":{\"Begun\":null}}")]
    [InlineData("{\"Recent\":{\"Begun\":[1],\"Refused\":[],\"Last\":-9223372036854775808}}")]
    [InlineData("{\"LastSlot\":9223372036854775807,\"ClosedUntil\":9223372036854775807,\"Phase\":\"Paused\"}")]
    [InlineData("{\"Rate\":1e300,\"SharedBy\":0,\"Spare\":-1e300,\"Calm\":1e300}")]
    [InlineData("{\"Rate\":-1,\"Phase\":\"Unheard\",\"Unknown\":{}}")]
    public void A_row_that_somebody_spoilt_stalls_nothing_for_long(string? row)
    {
        var state = PaceState.Parse(row);
        var begun = false;
        for (; _now < Start.AddMinutes(11); _now = _now.AddSeconds(0.5))
        {
            var grant = Exchange(state, new(One) { Wanted = 5 });
            begun |= grant.IsUnlimited || grant.Slots.Count > 0;
            state = PaceState.Parse(state.ToJson());
        }

        Assert.True(begun);
    }

    [Fact]
    public void Operators_see_the_rate_and_what_was_refused()
    {
        var state = RefuseAll(7);
        Exchange(state, new(Two) { UnderWay = 3, Wanted = 5 });

        var facts = PaceController.Facts(state, _now);

        Assert.Equal((2, 3, 5), (facts.Workers, facts.UnderWay, facts.Wanted));
        Assert.Equal(state.ClosedUntil, facts.ClosedUntil);
        Assert.InRange(facts.RefusedInMinute, 0.3, 1);
        Assert.False(facts.OthersPass);
    }

    private PaceGrant Exchange(PaceState state, PaceReport report, PaceLimits? limits = null) =>
        PaceController.Exchange(state, report, limits ?? NoLimits, _now);

    /// <summary>A state that has kept a rate for a while.</summary>
    private PaceState Paced(double rate) =>
        new()
        {
            Rate = rate,
            MovedAt = _now,
            BegunAt = _now,
            LastSlot = _now.AddSeconds(-1 / rate),
        };

    /// <summary>Twenty calls a second begin, and all are refused, until all pause.</summary>
    private PaceState RefuseAll(params double?[] waits)
    {
        var state = Paced(rate: 20);
        for (var num = 0; state.Phase != PacePhase.Paused; num++)
        {
            Assert.InRange(num, 0, 200);
            var wait = waits[num % waits.Length] is { } seconds ? TimeSpan.FromSeconds(seconds) : (TimeSpan?)null;
            Exchange(state, new(One) { Begun = [_now], Refused = [new(_now, wait)] });
            if (state.Phase != PacePhase.Paused)
                _now = _now.AddMilliseconds(50);
        }
        return state;
    }
}
