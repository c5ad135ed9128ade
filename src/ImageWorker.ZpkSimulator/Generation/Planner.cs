using ImageWorker.ZpkSimulator.Api;
using ImageWorker.ZpkSimulator.Prompts;

namespace ImageWorker.ZpkSimulator.Generation;

/// <summary>Draws, once a submission, how long each image takes, what is told about it and how it ends.</summary>
internal sealed class Planner(SimulatorOptions options, Dice dice, ResendTracker resends)
{
    public AcceptedSubmission Plan(
        GenerateParameters parameters,
        PromptScript? script,
        string origin,
        double lateSeconds
    )
    {
        var now = options.TimeProvider.GetUtcNow();
        var outcomes = script?.NextOutcomes(parameters.Num);
        var images = new ImagePlan[parameters.Num];
        for (var number = 0; number < images.Length; number++)
        {
            images[number] = new(
                Milliseconds(script?.Markers.Seconds, number),
                WaitFactor(script?.Markers),
                outcomes is null || outcomes[number] == ImageOutcome.Generated ? RandomOutcome() : outcomes[number]
            );
        }

        return new(
            parameters.UniqueRequestId ?? Dice.NextRequestId(),
            parameters.Prompt,
            script?.Markers.Tag,
            parameters.PriceClass,
            now,
            now + options.VisibilityDelay + TimeSpan.FromSeconds(lateSeconds),
            parameters.CallbackUrl,
            origin,
            resends.Note(parameters.Prompt, images),
            images
        );
    }

    private int Milliseconds(double[]? asked, int number)
    {
        var seconds = asked is null
            ? options.GenerationTime.DrawSeconds(dice)
            : asked[Math.Min(number, asked.Length - 1)];
        return (int)Math.Round(seconds * options.TimeScale * 1000);
    }

    private float WaitFactor(PromptMarkers? markers)
    {
        if (markers?.WaitFactor is { } factor)
            return (float)factor;
        // Even on the logarithmic scale, so that twice too long is as likely as twice too short.
        return options.WaitTimeError == 1 ? 1 : (float)Math.Pow(options.WaitTimeError, dice.Next() * 2 - 1);
    }

    private ImageOutcome RandomOutcome()
    {
        if (dice.Chance(options.PolicyViolationRate))
            return ImageOutcome.PolicyViolation;
        return dice.Chance(options.GeneralErrorRate) ? ImageOutcome.GeneralError : ImageOutcome.Generated;
    }
}
