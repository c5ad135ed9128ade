using System.Collections.Concurrent;

namespace ImageWorker.ZpkSimulator.Generation;

/// <summary>
/// Tells a resend from a new request: a resend is a submission of one image whose prompt has a GENERAL_ERROR image that
/// nothing was yet resent for. Only prompts with such images are held.
/// </summary>
internal sealed class ResendTracker
{
    private readonly ConcurrentDictionary<string, int> _awaiting = new(StringComparer.Ordinal);

    /// <summary>Takes note of an accepted submission; true if it is a resend.</summary>
    public bool Note(string prompt, ImagePlan[] images)
    {
        var failures = images.Count(image => image.Outcome == ImageOutcome.GeneralError);
        if (failures == 0 && _awaiting.IsEmpty)
            return false;

        lock (_awaiting)
        {
            var before = _awaiting.GetValueOrDefault(prompt);
            var resend = images.Length == 1 && before > 0;
            var after = before + failures - (resend ? 1 : 0);
            if (after > 0)
                _awaiting[prompt] = after;
            else
                _awaiting.TryRemove(prompt, out _);
            return resend;
        }
    }

    public void Clear() => _awaiting.Clear();
}
