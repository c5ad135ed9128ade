using System.CommandLine;
using ImageWorker.Contracts;
using ImageWorker.Engine;
using ImageWorker.Hosting;
using ImageWorker.Requests;
using ImageWorker.Zpk;
using ImageWorker.ZpkSimulator;
using ImageWorker.ZpkSimulator.Generation;
using Microsoft.Extensions.Options;

namespace ImageWorker.Commands;

/// <summary>
/// <c>ImageWorker try PROMPT</c>: does the whole job in this process with nothing installed. The engine is the worker's
/// own. Only the transport is memory, the database is a file in a temporary folder, and ZPK is the simulator.
/// </summary>
public static class TryCommand
{
    public static Command Create()
    {
        var arguments = new GenerateArguments();
        var output = new Option<DirectoryInfo>("--output")
        {
            Description = "Where the pictures go; the current folder by default.",
            DefaultValueFactory = _ => new DirectoryInfo("."),
        };
        var command = new Command(
            "try",
            "Do the whole job in this process, with simulated images: nothing to install, nothing paid. Markers in the prompt have the simulator fail or take its time: '[general-error 0]', '[policy 1]', '[seconds 5]'; all are in src/ImageWorker.ZpkSimulator/README.md."
        )
        {
            output,
        };
        var json = GenerateArguments.JsonOption();
        arguments.AddTo(command);
        command.Add(json);
        command.SetAction(
            (parsed, ct) => RunAsync(arguments.Read(parsed), parsed.GetValue(output)!, parsed.GetValue(json), ct)
        );
        return command;
    }

    private static async Task<int> RunAsync(
        GenerateImages command,
        DirectoryInfo output,
        bool json,
        CancellationToken ct
    )
    {
        MakeWritable(output);
        var folder = MakeTemporaryFolder();
        try
        {
            await using var simulator = await ZpkSimulatorServer.StartAsync(
                new() { GenerationTime = GenerationTime.Uniform(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4)) },
                ct
            );
            using var host = Build(simulator, Path.Combine(folder.FullName, Connections.EmbeddedDatabase));
            var closed = await CloseAsync(host, command, output, ct);
            return ClosingEvent.Print(
                closed,
                host.Services.GetRequiredService<IOptions<ZpkOptions>>().Value.Prices,
                json
            );
        }
        finally
        {
            Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
            folder.Delete(recursive: true);
        }
    }

    private static async Task<ImageRequest> CloseAsync(
        IHost host,
        GenerateImages command,
        DirectoryInfo output,
        CancellationToken ct
    )
    {
        var commands = host.Services.GetRequiredService<EmbeddedCommands>();
        await commands.AcceptAsync(command, ct);
        try
        {
            await host.StartAsync(ct);
            var view = new RequestProgressView(TimeProvider.System);
            var closed = await view.FollowAsync(commands.Watch(command, ct), ct);
            await SaveAsync(host.Services.GetRequiredService<ZpkImagesClient>(), closed!, output, ct);
            return closed!;
        }
        finally
        {
            await host.StopAsync(CancellationToken.None);
        }
    }

    /// <summary>Before anything begins: a picture that cannot be saved is lost.</summary>
    private static void MakeWritable(DirectoryInfo output)
    {
        try
        {
            File.Create(Path.Combine(output.FullName, Path.GetRandomFileName()), 1, FileOptions.DeleteOnClose)
                .Dispose();
        }
        catch (Exception mistake) when (mistake is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"--output {output} is no folder to write to: {mistake.Message}");
        }
    }

    private static DirectoryInfo MakeTemporaryFolder()
    {
        try
        {
            return Directory.CreateTempSubdirectory("imageworker-try-");
        }
        catch (Exception mistake) when (mistake is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException(
                $"there is no temporary folder to write to at {Path.GetTempPath()} (TMPDIR)."
            );
        }
    }

    private static IHost Build(ZpkSimulatorServer simulator, string file)
    {
        var builder = CommandHost.Create();
        builder.Logging.AddFilter("ImageWorker", LogLevel.Error);
        builder.Logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning);
        builder.Configuration.UseSimulator(simulator);
        builder.Configuration["Delivery:SweepInterval"] = "00:00:00.1";
        builder.Services.AddImageWorker(new(null, null), file);
        builder.Services.AddSingleton<EmbeddedCommands>();
        return builder.Build();
    }

    private static async Task SaveAsync(
        ZpkImagesClient zpk,
        ImageRequest closed,
        DirectoryInfo output,
        CancellationToken ct
    )
    {
        foreach (var image in closed.Images.Where(image => image.Url is not null))
        {
            var path = Path.Combine(
                output.FullName,
                $"image-{closed.CorrelationId.ToString()[..8]}-{image.Number}.png"
            );
            await using var file = File.Create(path);
            var outcome = await zpk.DownloadAsync(new Uri(image.Url!), file, ct);
            await Console.Error.WriteLineAsync(
                outcome is DownloadOutcome.Saved
                    ? $"saved {path}"
                    : $"image {image.Number} could not be saved: {outcome}"
            );
        }
    }
}
