using ImageWorker.ZpkSimulator.Generation;

namespace ImageWorker.ZpkSimulator.Prompts;

/// <summary>
/// One prompt with markers, and what it has still to do. A resend is a submission of one image after the prompt's
/// first: it carries no number of the image it stands for, so the failures still owed are counted for the prompt as
/// a whole and resends use them up in the order in which they come.
/// </summary>
internal sealed class PromptScript(PromptMarkers markers)
{
    private readonly Lock _gate = new();
    private bool _seen;
    private int _owedFailures;

    public PromptMarkers Markers => markers;

    /// <summary>What is wrong with the markers for a submission of so many images; null if nothing is.</summary>
    public string? MisfitOf(int num)
    {
        var highest = Math.Max(markers.GeneralErrors.Highest, markers.PolicyViolations.Highest);
        lock (_gate)
            return highest < num || (num == 1 && _seen)
                ? null
                : $"a marker names image {highest}, and {num} asked for are numbered from 0 to {num - 1}";
    }

    /// <summary>How each image of the prompt's next submission ends.</summary>
    public ImageOutcome[] NextOutcomes(int num)
    {
        lock (_gate)
        {
            var resend = num == 1 && _seen;
            _seen = true;
            var outcomes = new ImageOutcome[num];
            for (var number = 0; number < num; number++)
                outcomes[number] = resend ? OfResend() : OfFirst(number);
            return outcomes;
        }
    }

    private ImageOutcome OfFirst(int number)
    {
        if (markers.PolicyViolations.Has(number))
            return ImageOutcome.PolicyViolation;
        if (!markers.GeneralErrors.Has(number) || markers.GeneralErrorTimes == 0)
            return ImageOutcome.Generated;
        if (markers.GeneralErrorTimes != int.MaxValue)
            _owedFailures += markers.GeneralErrorTimes - 1;
        return ImageOutcome.GeneralError;
    }

    private ImageOutcome OfResend()
    {
        // The numbers in markers are those of the first submission; only "all of them" can mean a resend too.
        if (markers.PolicyViolations.IsAll)
            return ImageOutcome.PolicyViolation;
        if (markers.GeneralErrorTimes == int.MaxValue)
            return ImageOutcome.GeneralError;
        if (_owedFailures == 0)
            return ImageOutcome.Generated;
        _owedFailures--;
        return ImageOutcome.GeneralError;
    }
}
