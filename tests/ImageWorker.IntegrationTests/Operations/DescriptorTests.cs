using System.Diagnostics;
using ImageWorker.Commands;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Operations;

/// <summary>A worker that may open no more files and connections.</summary>
public sealed class DescriptorTests(TestServers servers)
{
    private const int Requests = 300;

    [Fact]
    public async Task A_worker_without_descriptors_puts_no_command_aside_and_the_next_one_goes_on()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        var started = await worker.StartAsync();
        (await worker.CloseAsync(WorkerUnderTest.Command("a first fox"))).As<ImagesReady>();

        // As many as are open: nothing can be opened any more.
        await LimitAsync(started.Process.Id, Directory.GetFiles($"/proc/{started.Process.Id}/fd").Length);
        var commands = await worker.SendManyAsync(Requests, "[seconds 1]");
        // The runtime ends it once it can start no thread.
        await Eventually.HoldsAsync(() =>
            started.Process.HasExited
            || started.Process.OutputLines.Any(line =>
                line.Contains("Too many open files", StringComparison.OrdinalIgnoreCase)
            )
        );
        await started.DisposeAsync();
        await worker.NothingFaultedAsync();
        await using var next = await worker.StartAsync();

        await worker.AllPaidAndClosedOnceAsync(commands);
    }

    [Fact]
    public async Task A_worker_has_loaded_its_libraries_before_its_first_command()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        var started = await worker.StartAsync();

        var loaded = await File.ReadAllTextAsync(
            $"/proc/{started.Process.Id}/maps",
            TestContext.Current.CancellationToken
        );

        var libraries = typeof(CommandLine).Assembly.GetReferencedAssemblies().Select(name => $"/{name.Name}.dll");
        Assert.DoesNotContain(libraries, library => !loaded.Contains(library, StringComparison.Ordinal));
    }

    private static async Task LimitAsync(int process, int descriptors)
    {
        await using var limit = ChildProcess.Start(
            new ProcessStartInfo("prlimit", [$"--pid={process}", $"--nofile={descriptors}"])
        );
        Assert.True(await limit.WaitForExitAsync() == 0, limit.Tail);
    }
}
