using ImageWorker.Pacing;

namespace ImageWorker.Tests.Pacing;

/// <summary>
/// Workers, the row that they share and an API with a limit, in virtual time: the same seed gives the same run.
/// What a worker knows of the others is up to 100 ms old, and its way to the database is longer than its neighbour's.
/// </summary>
internal sealed class SimulatedRun(SimulatedLimit limit, int workers = 1, int seed = 1)
{
    private static readonly DateTimeOffset Epoch = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly PriorityQueue<Action, (double At, long Order)> _events = new();
    private readonly Random _chance = new(seed);
    private readonly List<Call> _calls = [];
    private string _row = "";
    private long _order;
    private double _now;
    private long _waiting;

    public double Seconds { get; init; } = 120;

    public TimeSpan? RetryAfter { get; init; }

    public PaceLimits Limits { get; init; } = new(PerSecond: null, AtOnce: null);

    /// <summary>Calls to make. Null: there are always more.</summary>
    public int? Backlog { get; init; }

    /// <summary>Calls that come to be made each second, instead of a backlog.</summary>
    public double? Arrivals { get; init; }

    public IReadOnlyList<(double At, double Rate)> Changes { get; init; } = [];

    /// <summary>Nobody reaches the row from the one to the other.</summary>
    public (double From, double To)? RowLocked { get; init; }

    /// <summary>The first worker dies then.</summary>
    public double? KilledAt { get; init; }

    /// <summary>Nothing but 429 is answered from the one to the other.</summary>
    public (double From, double To)? Outage { get; init; }

    /// <summary>Share of calls that the API answers with 5xx or breaks off.</summary>
    public double Faults { get; init; }

    /// <summary>Share of calls that the API refuses whatever the load.</summary>
    public double RefusedAtRandom { get; init; }

    /// <summary>From then on there is one request whose every call is refused.</summary>
    public double? PoisonedAt { get; init; }

    public IReadOnlyList<Call> Calls => _calls;

    public PaceState State => PaceState.Parse(_row);

    public int Exchanges { get; private set; }

    public int MostUnderWay { get; private set; }

    public int LongestRow { get; private set; }

    public SimulatedRun Run()
    {
        _waiting = Arrivals is null ? Backlog ?? int.MaxValue : 0;
        var all = Enumerable.Range(0, workers).Select(number => new Worker(this, number)).ToList();
        foreach (var worker in all)
            At(0.001 * worker.Number, worker.Look);
        foreach (var (at, rate) in Changes)
            At(at, () => limit.Rate = rate);
        if (KilledAt is { } killed)
            At(killed, () => all[0].IsDead = true);
        if (PoisonedAt is { } poisoned)
            At(poisoned, () => all[0].Poisoned = new());
        if (Arrivals is not null)
            At(0, () => Arrive(all));
        while (
            _events.TryDequeue(out var next, out var when) && when.At <= Seconds && Passed < (Backlog ?? int.MaxValue)
        )
        {
            _now = when.At;
            next();
        }
        return this;
    }

    /// <summary>When the last call of the backlog had passed.</summary>
    public double DoneAt => _now;

    public int Passed { get; private set; }

    /// <summary>Calls that passed, as a share of what the limit allows.</summary>
    public double Goodput(double from, double to, double? rate = null) =>
        Between(from, to).Count(call => call.Passed) / ((rate ?? limit.Rate) * (to - from));

    public double Refused(double from, double to) =>
        Between(from, to).Select(call => call.Passed ? 0.0 : 1).DefaultIfEmpty().Average();

    public double FirstRefusal =>
        _calls.Where(call => !call.Passed).Select(call => call.At).DefaultIfEmpty(Seconds).Min();

    /// <summary>Seconds until five seconds pass with 90 % of the rate used and under 5 % refused. Null: never.</summary>
    public int? SettledAfter(double change, double rate) =>
        Enumerable
            .Range(0, (int)(Seconds - change - 5))
            .Cast<int?>()
            .FirstOrDefault(second =>
                Goodput(change + second!.Value, change + second.Value + 5, rate) > 0.9
                && Refused(change + second.Value, change + second.Value + 5) < 0.05
            );

    /// <summary>The least that one worker got, as a share of what each would get if all got the same.</summary>
    public double LeastShare(double from)
    {
        var passed = Between(from, Seconds).Where(call => call.Passed).ToList();
        return Enumerable.Range(0, workers).Min(number => passed.Count(call => call.Worker == number))
            * workers
            / (double)passed.Count;
    }

    private IEnumerable<Call> Between(double from, double to) => _calls.Where(call => call.At >= from && call.At < to);

    private DateTimeOffset Now => Epoch.AddSeconds(_now);

    private void At(double when, Action what) => _events.Enqueue(what, (Math.Max(when, _now), _order++));

    private void After(double seconds, Action what) => At(_now + seconds, what);

    private static double SecondsOf(DateTimeOffset time) => (time - Epoch).TotalSeconds;

    private void Arrive(List<Worker> all)
    {
        _waiting++;
        all[_chance.Next(all.Count)].Look();
        After(1 / Arrivals!.Value, () => Arrive(all));
    }

    internal readonly record struct Call(double At, bool Passed, int Worker);

    private sealed class Poison
    {
        public int Refused { get; set; }

        public bool IsUnderWay { get; set; }
    }

    private sealed class Worker(SimulatedRun run, int number)
    {
        private const int Connections = 64;

        private readonly Guid _id = new(number + 1, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]);
        private readonly Queue<DateTimeOffset> _slots = [];
        private List<DateTimeOffset> _begun = [];
        private List<PaceRefusal> _refused = [];
        private PaceGrant _grant = new();
        private PaceState? _alone;
        private string _seen = "";
        private double _asksAt;
        private bool _isAsking;
        private bool _wantedNothing;
        private int _underWay;

        public int Number => number;

        public bool IsDead { get; set; }

        public Poison? Poisoned { get; set; }

        private int Wanted => (int)Math.Min(run._waiting, Connections - _underWay);

        /// <summary>Begins what may begin, and asks if it is time to.</summary>
        public void Look()
        {
            if (IsDead)
                return;
            if (_grant.ClosedUntil > run.Now)
                _slots.Clear();
            while (_slots.TryPeek(out var slot) && slot <= run.Now.AddMilliseconds(0.01))
            {
                _slots.Dequeue();
                if (run.Now - slot < TimeSpan.FromMilliseconds(100))
                    Begin(0.002);
            }
            while (_grant.IsUnlimited && Begin(0.003)) { }
            if (run._now >= _asksAt || (_wantedNothing && Wanted > 0))
                Ask();
        }

        private bool Begin(double latest)
        {
            if (Wanted <= 0 || _underWay >= (_grant.AtOnce ?? int.MaxValue))
                return false;
            run._waiting--;
            _underWay++;
            run.After(run._chance.NextDouble() * latest, Send);
            return true;
        }

        private void Send()
        {
            var poison = Poisoned is { IsUnderWay: false } ? Poisoned : null;
            var begun = run.Now;
            _begun.Add(begun);
            if (poison is not null)
                poison.IsUnderWay = true;
            var isRefused =
                poison is not null
                || (run.Outage is { } outage && run._now >= outage.From && run._now < outage.To)
                || run._chance.NextDouble() < run.RefusedAtRandom
                || !run.Limit.Takes(run._now);
            if (isRefused)
            {
                run.After(0.005, () => Refuse(begun, poison));
                return;
            }
            run.Limit.UnderWay++;
            run.MostUnderWay = Math.Max(run.MostUnderWay, run.Limit.UnderWay);
            run.After(run.Limit.CallSeconds * (0.5 + run._chance.NextDouble()), () => Pass(begun));
        }

        private void Pass(DateTimeOffset begun)
        {
            run.Limit.UnderWay--;
            run._calls.Add(new(SecondsOf(begun), Passed: true, number));
            if (run._chance.NextDouble() < run.Faults)
                run._waiting++;
            else
                run.Passed++;
            End();
        }

        private void Refuse(DateTimeOffset begun, Poison? poison)
        {
            run._calls.Add(new(SecondsOf(begun), Passed: false, number));
            // A refused call goes to the front again when its time has come. One that is refused again and again is
            // the caller's to hold back: it is no longer reported.
            if (poison is null)
                run.After((run.RetryAfter ?? TimeSpan.FromSeconds(1)).TotalSeconds, () => run._waiting++);
            else
                run.After(
                    ++poison.Refused < 5 ? 0 : Math.Min(60, Math.Pow(2, poison.Refused - 5)),
                    () => poison.IsUnderWay = false
                );
            if (poison is not { Refused: > 5 })
                _refused.Add(new(begun, run.RetryAfter));
            // Without a limit known, one refusal is enough to hold everything back until the state was asked.
            var wasUnlimited = _grant.IsUnlimited;
            _grant = _grant with { IsUnlimited = false };
            AskWithin(wasUnlimited ? 0 : 0.1 * run._chance.NextDouble());
            End();
        }

        private void End()
        {
            _underWay--;
            if (_grant.AtOnce is not null && !_grant.IsUnlimited && _slots.Count == 0)
                AskWithin(0.01);
            Look();
        }

        private void AskWithin(double seconds)
        {
            if (run._now + seconds >= _asksAt)
                return;
            _asksAt = run._now + seconds;
            run.At(_asksAt, Look);
        }

        private void Ask()
        {
            if (_isAsking)
                return;
            if (run.RowLocked is { } locked && run._now >= locked.From && run._now < locked.To)
            {
                _alone ??= PaceController.Alone(PaceState.Parse(_seen), _id, run.Now);
                Take(PaceController.Exchange(_alone, Report(), run.Limits, run.Now));
                return;
            }
            _alone = null;
            _isAsking = true;
            var report = Report();
            _wantedNothing = report.Wanted == 0;
            run.After(
                Way(),
                () =>
                {
                    var state = PaceState.Parse(run._row);
                    var grant = PaceController.Exchange(state, report, run.Limits, run.Now);
                    run._row = _seen = state.ToJson();
                    run.LongestRow = Math.Max(run.LongestRow, _seen.Length);
                    run.Exchanges++;
                    run.After(Way(), () => Take(grant));
                }
            );
        }

        /// <summary>The way to the database and back takes longer for each further worker.</summary>
        private double Way() => (0.001 + 0.004 * number) * (0.5 + run._chance.NextDouble());

        private PaceReport Report()
        {
            var report = new PaceReport(_id)
            {
                Begun = _begun,
                Refused = _refused,
                UnderWay = _underWay,
                Wanted = Math.Max(0, Wanted - _slots.Count),
            };
            (_begun, _refused) = ([], []);
            return report;
        }

        private void Take(PaceGrant grant)
        {
            _isAsking = false;
            _grant = grant;
            foreach (var slot in grant.Slots)
            {
                _slots.Enqueue(slot);
                run.At(SecondsOf(slot), Look);
            }
            _asksAt = grant.AskAgainAt is { } again ? Math.Max(SecondsOf(again), run._now + 0.001) : run._now + 0.02;
            if (_refused.Count > 0)
                _asksAt = Math.Min(_asksAt, run._now + 0.1 * run._chance.NextDouble());
            run.At(_asksAt, Look);
            Look();
        }
    }

    private SimulatedLimit Limit => limit;
}
