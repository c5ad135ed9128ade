using System.Globalization;
using ImageWorker.ZpkSimulator.Faults;

namespace ImageWorker.ZpkSimulator.Prompts;

/// <summary>
/// What the <c>[name args]</c> markers of one prompt ask for. Brackets with an unknown name are ordinary text; a known
/// name with arguments that mean nothing is an error, since a test that relies on it would otherwise pass for nothing.
/// </summary>
internal sealed class PromptMarkers
{
    /// <summary>Groups ledger entries.</summary>
    public string? Tag { get; private set; }

    public ImageSet GeneralErrors { get; private set; } = ImageSet.None;

    /// <summary>How often each of these images fails in total; <see cref="int.MaxValue"/> for always.</summary>
    public int GeneralErrorTimes { get; private set; } = 1;

    public ImageSet PolicyViolations { get; private set; } = ImageSet.None;

    /// <summary>By image number; the last one stands for all that follow. Null: as the server's options say.</summary>
    public double[]? Seconds { get; private set; }

    /// <summary>The factor by which told wait times differ from the true ones. Null: as the server's options say.</summary>
    public double? WaitFactor { get; private set; }

    public Fault[] Faults { get; private set; } = [];

    /// <summary>Finds and reads the markers of a prompt.</summary>
    /// <exception cref="FormatException">A known marker's arguments mean nothing.</exception>
    public static PromptMarkers Parse(string prompt)
    {
        var markers = new PromptMarkers();
        var open = -1;
        for (var index = 0; index < prompt.Length; index++)
        {
            if (prompt[index] == '[')
                open = index;
            if (prompt[index] == ']' && open >= 0)
            {
                markers.Apply(prompt[(open + 1)..index]);
                open = -1;
            }
        }

        return markers;
    }

    private void Apply(string marker)
    {
        var words = marker.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        switch (words)
        {
            case ["tag", var name]:
                Tag = name;
                break;
            case ["seconds", var list]:
                Seconds = [.. list.Split(',').Select(item => Number(item, marker))];
                break;
            case ["wait-factor", var factor]:
                WaitFactor = Number(factor, marker);
                break;
            case ["policy"]:
                PolicyViolations = ImageSet.All;
                break;
            case ["policy", var numbers]:
                PolicyViolations = ImageSet.Parse(numbers, marker);
                break;
            case ["general-error", .. var arguments]:
                ApplyGeneralError(arguments, marker);
                break;
            case ["tag" or "seconds" or "wait-factor" or "policy", ..]:
                throw new FormatException($"the marker [{marker}] has the wrong number of arguments");
            case [var kind, ..] when Fault.IsKind(kind):
                Faults = [.. Faults, Fault.Parse(marker, defaultCount: 1)];
                break;
        }
    }

    private void ApplyGeneralError(string[] arguments, string marker)
    {
        GeneralErrors = ImageSet.All;
        foreach (var argument in arguments)
        {
            if (argument == "always")
                GeneralErrorTimes = int.MaxValue;
            else if (argument is ['x', .. var times] && int.TryParse(times, out var count))
                GeneralErrorTimes = count;
            else
                GeneralErrors = ImageSet.Parse(argument, marker);
        }
    }

    private static double Number(string text, string marker) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new FormatException($"'{text}' in the marker [{marker}] is not a number");
}
