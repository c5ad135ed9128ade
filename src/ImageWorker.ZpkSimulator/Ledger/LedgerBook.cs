using ImageWorker.ZpkSimulator.Api;
using ImageWorker.ZpkSimulator.Callbacks;
using ImageWorker.ZpkSimulator.Connections;
using ImageWorker.ZpkSimulator.Generation;
using ImageWorker.ZpkSimulator.Pricing;

namespace ImageWorker.ZpkSimulator.Ledger;

/// <summary>Reads the ledger off the submissions.</summary>
internal sealed class LedgerBook(
    SimulatorOptions options,
    SubmissionStore store,
    CallbackSender callbacks,
    CallLog calls,
    CallCounts counts,
    ConnectionCounter connections
)
{
    /// <summary>Adds up and, if asked to, lists.</summary>
    /// <param name="tag">Only submissions with this tag; null for all.</param>
    /// <param name="entries">Whether to list the submissions one by one.</param>
    public LedgerReport Read(string? tag, bool entries)
    {
        var now = options.TimeProvider.GetUtcNow();
        var total = new Tally();
        var tags = new SortedDictionary<string, Tally>(StringComparer.Ordinal);
        var list = new List<LedgerEntry>();
        foreach (var submission in store.All)
        {
            if (tag is not null && !string.Equals(tag, submission.Tag, StringComparison.Ordinal))
                continue;
            if (!tags.TryGetValue(submission.Tag ?? "", out var ofTag))
                tags[submission.Tag ?? ""] = ofTag = new Tally();

            lock (submission)
            {
                var charge = submission.Charged(now, options.ChargeFailedImages);
                total.Add(submission, charge);
                ofTag.Add(submission, charge);
                if (entries)
                    list.Add(Entry(submission, charge, now));
            }
        }

        list.Sort((one, other) => one.AcceptedAt.CompareTo(other.AcceptedAt));
        return new(
            total.Total(),
            Server(),
            tags.ToDictionary(pair => pair.Key, pair => pair.Value.Total(), StringComparer.Ordinal),
            list
        );
    }

    private static LedgerEntry Entry(Submission submission, decimal charge, DateTimeOffset now) =>
        new(
            submission.Id,
            submission.Tag,
            submission.Prompt,
            submission.PromptHash.ToString("x16"),
            PriceTable.Models[submission.PriceClass.Model],
            PriceTable.Qualities[submission.PriceClass.Quality],
            PriceTable.Resolutions[submission.PriceClass.Resolution],
            submission.PriceClass.UniqueGuard,
            submission.Num,
            submission.Resend,
            submission.TimesAccepted,
            submission.ImagesPaid,
            charge,
            submission.Checks,
            submission.EarlyChecks,
            submission.LateChecks,
            submission.AcceptedAt,
            [.. Enumerable.Range(0, submission.Num).Select(number => Image(submission, number, now))]
        );

    private static LedgerImage Image(Submission submission, int number, DateTimeOffset now)
    {
        var state = submission.StateOf(number, now);
        return new(
            number,
            state.Status,
            state.ErrorId,
            (submission.EndOf(number) - submission.AcceptedAt).TotalSeconds,
            submission.LatenessOf(number) is { } late ? Math.Round(late, 3) : null
        );
    }

    private ServerCounts Server()
    {
        var sums = calls.Total;
        return new(
            sums.Generate + sums.GenerateLimited,
            sums.Check + sums.CheckLimited,
            sums.GenerateLimited,
            sums.CheckLimited,
            counts.Refusals,
            counts.UnknownChecks,
            callbacks.Counts,
            connections.Open,
            connections.Peak
        );
    }
}
