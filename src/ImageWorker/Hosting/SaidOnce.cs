namespace ImageWorker.Hosting;

/// <summary>Has something that goes on said once, and again only when it has changed or was over.</summary>
public sealed class SaidOnce
{
    private string? _said;

    /// <summary>Whether this is to be said now; null when there is nothing to say, and what was said is over.</summary>
    public bool IsNew(string? what)
    {
        var isNew = what is not null && what != _said;
        _said = what;
        return isNew;
    }
}
