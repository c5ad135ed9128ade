namespace ImageWorker.IntegrationTests.Servers;

/// <summary>The lines of a process's two output streams, safe to read while they arrive.</summary>
internal sealed class ProcessOutput
{
    private const int TailLength = 40;

    private readonly Lock _lock = new();
    private readonly List<(string Text, bool IsError)> _lines = [];
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _openStreams = 2;

    public Task Complete => _complete.Task;

    public string Tail => string.Join('\n', From(0).TakeLast(TailLength));

    /// <summary>The lines but for the first ones.</summary>
    public IReadOnlyList<string> From(int first)
    {
        lock (_lock)
        {
            return [.. _lines.Skip(first).Select(line => line.Text)];
        }
    }

    /// <summary>The lines of one stream.</summary>
    public IReadOnlyList<string> Of(bool error)
    {
        lock (_lock)
        {
            return [.. _lines.Where(line => line.IsError == error).Select(line => line.Text)];
        }
    }

    // Null: the stream has ended.
    public void Add(string? line, bool isError)
    {
        lock (_lock)
        {
            if (line is not null)
            {
                _lines.Add((line, isError));
            }
            else if (--_openStreams == 0)
            {
                _complete.SetResult();
            }
        }
    }
}
