namespace ImageWorker.Commands;

/// <summary>Finds what was likely meant by a name with a slip of the finger in it.</summary>
internal static class Slips
{
    /// <summary>The name that is one slip away, or two if it is long; null if it is one of them, or like none.</summary>
    public static string? Nearest(string key, IReadOnlyCollection<string> names)
    {
        if (names.Contains(key, StringComparer.OrdinalIgnoreCase))
            return null;
        return names.FirstOrDefault(name =>
            Between(key.ToUpperInvariant(), name.ToUpperInvariant()) <= (name.Length > 4 ? 2 : 1)
        );
    }

    /// <summary>How many letters are missing, too many, wrong or changed with their neighbour (Damerau and Levenshtein).</summary>
    private static int Between(string a, string b)
    {
        var distance = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        for (var j = 0; j <= b.Length; j++)
        {
            if (i == 0 || j == 0)
            {
                distance[i, j] = i + j;
                continue;
            }
            var wrong = a[i - 1] == b[j - 1] ? 0 : 1;
            distance[i, j] = Math.Min(
                Math.Min(distance[i - 1, j], distance[i, j - 1]) + 1,
                distance[i - 1, j - 1] + wrong
            );
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                distance[i, j] = Math.Min(distance[i, j], distance[i - 2, j - 2] + 1);
        }
        return distance[a.Length, b.Length];
    }
}
