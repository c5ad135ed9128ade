using System.Collections.Concurrent;
using ImageWorker.ZpkSimulator.Prompts;
using ImageWorker.ZpkSimulator.State;

namespace ImageWorker.ZpkSimulator.Generation;

/// <summary>All accepted submissions by id.</summary>
internal sealed class SubmissionStore(SimulatorOptions options, PromptBook book, ResendTracker resends, StateFile? file)
{
    private readonly ConcurrentDictionary<string, Submission> _submissions = new(StringComparer.Ordinal);

    public ICollection<Submission> All => _submissions.Values;

    public Submission? Find(string id) => _submissions.GetValueOrDefault(id);

    /// <summary>Writes it down, then makes it visible: what a client was told must survive the process.</summary>
    public Submission Accept(AcceptedSubmission accepted)
    {
        file?.Append(accepted);
        return Add(accepted);
    }

    /// <summary>Takes up a submission that an earlier process accepted.</summary>
    public Submission Restore(AcceptedSubmission accepted)
    {
        // The prompt's script and the count of resends go on from where that process left them.
        _ = book.Find(accepted.Prompt)?.NextOutcomes(accepted.Images.Length);
        _ = resends.Note(accepted.Prompt, accepted.Images);
        return Add(accepted);
    }

    private Submission Add(AcceptedSubmission accepted) =>
        _submissions.AddOrUpdate(
            accepted.Id,
            static (_, state) => new Submission(state.accepted, state.script),
            static (_, earlier, state) =>
            {
                lock (earlier)
                    return new Submission(state.accepted, state.script, earlier, state.options.ChargeFailedImages);
            },
            (accepted, options, script: book.Find(accepted.Prompt))
        );

    public void Clear()
    {
        _submissions.Clear();
        book.Clear();
        resends.Clear();
        file?.Clear();
    }
}
