using System.CommandLine;
using ImageWorker.Operations;

namespace ImageWorker.Commands.Requests;

/// <summary>An option that takes an age.</summary>
internal static class AgeOption
{
    public static Option<TimeSpan?> Create(string name, string description) =>
        new(name)
        {
            Description = description,
            HelpName = "AGE",
            CustomParser = result =>
            {
                if (AgeText.TryParse(result.Tokens[0].Value, out var age))
                    return age;
                result.AddError($"{name} must be a number with s, m, h or d: 90s, 15m, 12h, 7d.");
                return null;
            },
        };
}
