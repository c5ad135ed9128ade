namespace ImageWorker.Hosting;

/// <summary>
/// Tells the first of many things at once, and then, after each pause, how many followed and the first of them. The
/// number is told even if nothing more comes.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="pause">The time between two tellings.</param>
/// <param name="tell">Told the first thing, and how many there are.</param>
public sealed class Folded(TimeProvider time, TimeSpan pause, Action<string, int> tell)
{
    private readonly Lock _lock = new();
    private ITimer? _pause;
    private string _first = "";
    private int _count;

    public void Add(string what)
    {
        lock (_lock)
        {
            if (_count++ == 0)
                _first = what;
            if (_pause is null)
                Tell();
        }
    }

    private void Tell()
    {
        tell(_first, _count);
        _count = 0;
        _pause = time.CreateTimer(_ => EndPause(), null, pause, Timeout.InfiniteTimeSpan);
    }

    private void EndPause()
    {
        lock (_lock)
        {
            _pause!.Dispose();
            _pause = null;
            if (_count > 0)
                Tell();
        }
    }
}
