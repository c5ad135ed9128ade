using System.Runtime.InteropServices;

namespace ImageWorker.ZpkSimulator.Prompts;

/// <summary>Image numbers as bits: a submission has 20 images at most.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ImageSet(uint Bits)
{
    public static readonly ImageSet None = new(0);
    public static readonly ImageSet All = new(uint.MaxValue);

    public bool IsAll => Bits == uint.MaxValue;

    /// <summary>The highest number in it; -1 if it names none, or all.</summary>
    public int Highest => IsAll ? -1 : 31 - System.Numerics.BitOperations.LeadingZeroCount(Bits);

    public bool Has(int number) => (Bits >> number & 1) != 0;

    /// <summary>Reads <c>0,2</c>.</summary>
    /// <exception cref="FormatException">Something in it is no image number.</exception>
    public static ImageSet Parse(string text, string marker)
    {
        var bits = 0u;
        foreach (var item in text.Split(','))
        {
            if (!int.TryParse(item, out var number) || number is < 0 or > 19)
                throw new FormatException($"'{item}' in the marker [{marker}] is not an image number");
            bits |= 1u << number;
        }

        return new(bits);
    }
}
