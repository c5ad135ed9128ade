using System.Diagnostics;

namespace ImageWorker.IntegrationTests.Servers;

/// <summary>A child process whose output is kept by the line and whose end can be waited for or forced.</summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Leash? _ownLeash;
    private readonly ProcessOutput _output = new();
    private readonly TaskCompletionSource<int> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildProcess(ProcessStartInfo startInfo, Leash leash, bool ownsLeash)
    {
        leash.Mark(startInfo);
        startInfo.RedirectStandardOutput = true;
        startInfo.RedirectStandardError = true;
        _ownLeash = ownsLeash ? leash : null;
        _process = new Process { StartInfo = startInfo, EnableRaisingEvents = true };
        // WaitForExitAsync would also wait for every descendant that inherited the output, a daemon for instance.
        _process.Exited += (_, _) => _exit.TrySetResult(_process.ExitCode);
        _process.OutputDataReceived += (_, line) => _output.Add(line.Data, isError: false);
        _process.ErrorDataReceived += (_, line) => _output.Add(line.Data, isError: true);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public bool HasExited => _exit.Task.IsCompleted;

    /// <summary>What it has written so far, standard output and standard error in the order they arrived.</summary>
    public IReadOnlyList<string> Lines => _output.From(0);

    public IReadOnlyList<string> OutputLines => _output.Of(error: false);

    public IReadOnlyList<string> ErrorLines => _output.Of(error: true);

    /// <summary>Starts a process that ends with the given leash, at the latest.</summary>
    public static ChildProcess Start(ProcessStartInfo startInfo, Leash leash) =>
        new(startInfo, leash, ownsLeash: false);

    /// <summary>Starts a process on a leash of its own: disposing ends it and all it started.</summary>
    public static ChildProcess Start(ProcessStartInfo startInfo) => new(startInfo, new Leash(), ownsLeash: true);

    /// <summary>The first line, from the start on, that matches; fails when the time is over or the process has ended
    /// without it.</summary>
    public async Task<string> WaitForLineAsync(Func<string, bool> matches, TimeSpan? timeout = null)
    {
        var waiting = Stopwatch.StartNew();
        for (var seen = 0; ; )
        {
            var ended = _output.Complete.IsCompleted;
            var lines = _output.From(seen);
            seen += lines.Count;
            if (lines.FirstOrDefault(matches) is { } line)
            {
                return line;
            }

            if (ended || waiting.Elapsed > (timeout ?? Eventually.DefaultTimeout))
            {
                var why = ended ? "ended without such a line" : "wrote no such line in time";
                Assert.Fail($"{this} {why}:\n{_output.Tail}");
            }

            await Eventually.PauseAsync();
        }
    }

    /// <summary>Its exit code; 128 and the signal's number when a signal ended it.</summary>
    public async Task<int> WaitForExitAsync(TimeSpan? timeout = null)
    {
        var limit = timeout ?? Eventually.DefaultTimeout;
        try
        {
            var code = await _exit.Task.WaitAsync(limit);
            // A descendant may hold the pipe open for as long as it likes: then the last lines are not waited for.
            await Task.WhenAny(_output.Complete, Task.Delay(TimeSpan.FromSeconds(3)));
            return code;
        }
        catch (TimeoutException failure)
        {
            throw new TimeoutException($"{this} still runs after {limit}:\n{_output.Tail}", failure);
        }
    }

    /// <summary>SIGTERM: what a container platform sends to ask for an orderly end.</summary>
    public void Terminate() => Signal(ProcessSignal.Terminate);

    /// <summary>SIGKILL to it and its descendants, as in a crash; returns when it is gone.</summary>
    public async Task KillAsync()
    {
        if (!HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        await WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        if (_ownLeash is not null)
        {
            await _ownLeash.DisposeAsync();
        }

        _process.Dispose();
    }

    public override string ToString() =>
        $"'{_process.StartInfo.FileName} {string.Join(' ', _process.StartInfo.ArgumentList)}' (process {Id})";

    internal string Tail => _output.Tail;

    /// <summary>Gives it all of its standard input, which the start must have redirected.</summary>
    internal async Task WriteInputAsync(string text)
    {
        await _process.StandardInput.WriteAsync(text);
        _process.StandardInput.Close();
    }

    internal void Signal(ProcessSignal signal)
    {
        if (!HasExited)
        {
            signal.SendTo(Id);
        }
    }
}
