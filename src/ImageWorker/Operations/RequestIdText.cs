namespace ImageWorker.Operations;

/// <summary>A request's id as a person writes it: all of it, or its beginning. Names all ids from the first to the last.</summary>
public readonly record struct RequestIdText(string Text, Guid First, Guid Last)
{
    public const int Least = 4;

    private const int Digits = 32;

    public bool IsWhole => First == Last;

    /// <summary>Null if it begins no id.</summary>
    public static RequestIdText? TryParse(string text)
    {
        if (Guid.TryParse(text, out var id))
            return new(text, id, id);
        var digits = text.Replace("-", "", StringComparison.Ordinal);
        return digits.Length is >= Least and < Digits && digits.All(char.IsAsciiHexDigit)
            ? new(text, Guid.Parse(digits.PadRight(Digits, '0')), Guid.Parse(digits.PadRight(Digits, 'f')))
            : null;
    }
}
