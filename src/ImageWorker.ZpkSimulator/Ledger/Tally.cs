using ImageWorker.ZpkSimulator.Generation;

namespace ImageWorker.ZpkSimulator.Ledger;

/// <summary>Adds submissions up to <see cref="LedgerTotals"/>.</summary>
internal sealed class Tally
{
    private readonly List<float> lateness = [];
    private int submissions;
    private int imagesAsked;
    private int resends;
    private int imagesPaid;
    private decimal charged = 0.0000m;
    private int repeatedIds;
    private int checks;
    private int checksEarly;
    private int checksLate;

    /// <summary>The caller holds the submission's lock.</summary>
    public void Add(Submission submission, decimal charge)
    {
        submissions += submission.TimesAccepted;
        imagesAsked += submission.Resend ? 0 : submission.FirstNum;
        resends += submission.Resend ? 1 : 0;
        imagesPaid += submission.ImagesPaid;
        charged += charge;
        repeatedIds += submission.TimesAccepted > 1 ? 1 : 0;
        checks += submission.Checks;
        checksEarly += submission.EarlyChecks;
        checksLate += submission.LateChecks;
        for (var number = 0; number < submission.Num; number++)
        {
            if (submission.LatenessOf(number) is { } late)
                lateness.Add(late);
        }
    }

    public LedgerTotals Total() =>
        new(
            submissions,
            imagesAsked,
            resends,
            imagesPaid,
            charged,
            repeatedIds,
            checks,
            checksEarly,
            checksLate,
            lateness.Count,
            Summarize()
        );

    private LatenessSummary? Summarize()
    {
        if (lateness.Count == 0)
            return null;
        lateness.Sort();
        double At(double share) => Math.Round(lateness[(int)(share * (lateness.Count - 1))], 3);
        return new(Math.Round(lateness.Average(), 3), At(0.5), At(0.95), At(0.99), At(1));
    }
}
