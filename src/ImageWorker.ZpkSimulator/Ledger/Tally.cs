using ImageWorker.ZpkSimulator.Generation;

namespace ImageWorker.ZpkSimulator.Ledger;

/// <summary>Adds submissions up to <see cref="LedgerTotals"/>.</summary>
internal sealed class Tally
{
    private readonly List<float> _lateness = [];
    private int _submissions;
    private int _imagesAsked;
    private int _resends;
    private int _imagesPaid;
    private decimal _charged = 0.0000m;
    private int _repeatedIds;
    private int _checks;
    private int _checksEarly;
    private int _checksLate;

    /// <summary>The caller holds the submission's lock.</summary>
    public void Add(Submission submission, decimal charge)
    {
        _submissions += submission.TimesAccepted;
        _imagesAsked += submission.Resend ? 0 : submission.FirstNum;
        _resends += submission.Resend ? 1 : 0;
        _imagesPaid += submission.ImagesPaid;
        _charged += charge;
        _repeatedIds += submission.TimesAccepted > 1 ? 1 : 0;
        _checks += submission.Checks;
        _checksEarly += submission.EarlyChecks;
        _checksLate += submission.LateChecks;
        for (var number = 0; number < submission.Num; number++)
        {
            if (submission.LatenessOf(number) is { } late)
                _lateness.Add(late);
        }
    }

    public LedgerTotals Total() =>
        new(
            _submissions,
            _imagesAsked,
            _resends,
            _imagesPaid,
            _charged,
            _repeatedIds,
            _checks,
            _checksEarly,
            _checksLate,
            _lateness.Count,
            Summarize()
        );

    private LatenessSummary? Summarize()
    {
        if (_lateness.Count == 0)
            return null;
        _lateness.Sort();
        double At(double share) => Math.Round(_lateness[(int)(share * (_lateness.Count - 1))], 3);
        return new(Math.Round(_lateness.Average(), 3), At(0.5), At(0.95), At(0.99), At(1));
    }
}
