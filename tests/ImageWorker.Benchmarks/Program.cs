using System.CommandLine;
using ImageWorker.Benchmarks.Chaos;
using ImageWorker.Benchmarks.Load;
using ImageWorker.Benchmarks.Micro;

var root = new RootCommand(
    "Runs that are too long or too heavy for a test, on real servers, worker processes and the simulator."
)
{
    LoadCommand.Create(),
    IdleCommand.Create(),
    TurnsCommand.Create(),
    ChaosCommand.Create(),
    MicroCommand.Create(),
};
return await root.Parse(args).InvokeAsync();
