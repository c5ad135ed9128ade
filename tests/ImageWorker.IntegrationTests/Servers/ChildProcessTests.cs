using System.Diagnostics;

namespace ImageWorker.IntegrationTests.Servers;

public sealed class ChildProcessTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);

    [Fact]
    public async Task Its_lines_and_its_exit_code_are_kept()
    {
        await using var process = Shell("echo first; echo second >&2; exit 3");

        var code = await process.WaitForExitAsync();

        Assert.Equal(3, code);
        Assert.Contains("first", process.Lines, StringComparer.Ordinal);
        Assert.Contains("second", process.Lines, StringComparer.Ordinal);
    }

    [Fact]
    public async Task A_line_is_waited_for()
    {
        await using var process = Shell("sleep 0.2; echo ready; sleep 60");

        Assert.Equal("ready", await process.WaitForLineAsync(line => line.StartsWith('r')));
    }

    [Fact]
    public async Task A_line_that_never_comes_fails_with_what_came_instead()
    {
        await using var process = Shell("echo something else; sleep 60");

        var failure = await Assert.ThrowsAnyAsync<Exception>(() =>
            process.WaitForLineAsync(line => line == "ready", Short)
        );

        Assert.Contains("something else", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_line_is_not_waited_for_once_the_process_has_ended()
    {
        await using var process = Shell("exit 0");

        var failure = await Assert.ThrowsAnyAsync<Exception>(() => process.WaitForLineAsync(line => line == "ready"));

        Assert.Contains("ended without", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Terminate_lets_it_end_in_order()
    {
        await using var process = Shell("trap 'echo bye; exit 5' TERM; echo up; while :; do sleep 0.05; done");
        await process.WaitForLineAsync(line => line == "up");

        process.Terminate();

        Assert.Equal(5, await process.WaitForExitAsync());
        Assert.Contains("bye", process.Lines, StringComparer.Ordinal);
    }

    [Fact]
    public async Task Kill_ends_it_and_its_children_at_once()
    {
        await using var process = Shell("trap '' TERM; sleep 60 & echo child $!; wait");
        var line = await process.WaitForLineAsync(line => line.StartsWith("child ", StringComparison.Ordinal));
        var child = line.Split(' ')[1];

        await process.KillAsync();

        Assert.Equal(128 + 9, await process.WaitForExitAsync());
        await Eventually.HoldsAsync(() => !IsAlive(child));
    }

    [Fact]
    public async Task A_leash_ends_what_detached_itself_and_removes_its_folder()
    {
        var leash = new Leash();
        await using var process = ChildProcess.Start(
            new ProcessStartInfo("sh", ["-c", "setsid sleep 60 >/dev/null 2>&1 & echo $!"]),
            leash
        );
        var detached = await process.WaitForLineAsync(_ => true);
        await process.WaitForExitAsync();
        Assert.True(IsAlive(detached));

        await leash.DisposeAsync();

        Assert.False(IsAlive(detached));
        Assert.False(Directory.Exists(leash.Folder));
    }

    [Fact]
    public async Task A_worker_process_is_a_dotnet_program_with_its_own_environment()
    {
        await using var process = WorkerProcess.Start(
            typeof(ChildProcessTests).Assembly.Location,
            ["-list", "classes"],
            [new("HOME", null), new("DOTNET_gcServer", "0")]
        );

        await process.WaitForLineAsync(line => line.Contains(nameof(ChildProcessTests), StringComparison.Ordinal));

        Assert.Equal(0, await process.WaitForExitAsync());
    }

    private static ChildProcess Shell(string script) => ChildProcess.Start(new ProcessStartInfo("sh", ["-c", script]));

    private static bool IsAlive(string processId) =>
        File.Exists($"/proc/{processId}/stat")
        && !File.ReadAllText($"/proc/{processId}/stat").Contains(") Z ", StringComparison.Ordinal);
}
