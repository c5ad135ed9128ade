namespace ImageWorker.Hosting;

/// <summary>Says a lasting problem once, and again only if it changes, or ends and comes back.</summary>
public sealed class SaidOnce
{
    private string? _said;

    /// <summary>True if this must be said now. Null says that the problem is over.</summary>
    public bool IsNew(string? what)
    {
        var isNew = what is not null && what != _said;
        _said = what;
        return isNew;
    }
}
