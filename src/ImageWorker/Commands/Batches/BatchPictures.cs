using System.Globalization;
using ImageWorker.Hosting;
using ImageWorker.Zpk;

namespace ImageWorker.Commands.Batches;

/// <summary>Saves the pictures of rows, under names such as <c>row-0007-image-0-7c2e69a7.png</c>.</summary>
internal sealed class BatchPictures(ZpkImagesClient zpk, DirectoryInfo folder)
{
    private const int Tries = 3;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <summary>Makes the folder. A picture that cannot be saved is lost.</summary>
    /// <exception cref="ConfigurationException">It cannot be written to.</exception>
    public static void MakeWritable(DirectoryInfo folder)
    {
        try
        {
            folder.Create();
            File.Create(Path.Combine(folder.FullName, Path.GetRandomFileName()), 1, FileOptions.DeleteOnClose)
                .Dispose();
        }
        catch (Exception mistake) when (mistake is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"--out {folder} is no folder to write to: {mistake.Message}");
        }
    }

    /// <summary>Saves what is not saved yet.</summary>
    /// <param name="result">The row's result.</param>
    /// <param name="failed">Takes a line about each picture that cannot be had.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>The result with the names of the files.</returns>
    public async Task<BatchResult> SaveAsync(BatchResult result, Action<string> failed, CancellationToken ct)
    {
        var files = new List<string>();
        foreach (var (number, url) in result.Urls.Index().Where(image => image.Item.Length > 0))
        {
            var name = string.Create(
                CultureInfo.InvariantCulture,
                $"row-{result.Row:0000}-image-{number}-{result.RequestId.ToString()[..8]}"
            );
            var before = folder.EnumerateFiles($"{name}.*").FirstOrDefault(file => file.Extension != Unfinished);
            if ((before?.Name ?? await SaveAsync(name, new(url), failed, ct)) is { } file)
                files.Add(file);
        }
        return result with { Files = files };
    }

    private const string Unfinished = ".part";

    private async Task<string?> SaveAsync(string name, Uri url, Action<string> failed, CancellationToken ct)
    {
        var part = Path.Combine(folder.FullName, name + Unfinished);
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                DownloadOutcome outcome;
                await using (var file = File.Create(part))
                    outcome = await zpk.DownloadAsync(url, file, ct);
                switch (outcome)
                {
                    case DownloadOutcome.Saved saved:
                        var whole = $"{name}.{EndingOf(saved.ContentType)}";
                        File.Move(part, Path.Combine(folder.FullName, whole), overwrite: true);
                        return whole;
                    case DownloadOutcome.Unavailable when attempt < Tries:
                        await Task.Delay(Pause * attempt, ct);
                        break;
                    default:
                        failed($"{name} could not be saved: {outcome}");
                        return null;
                }
            }
        }
        finally
        {
            File.Delete(part);
        }
    }

    private static string EndingOf(string contentType) =>
        contentType.Split('/', ';') is [_, var type, ..] && type.All(char.IsAsciiLetterOrDigit)
            ? type.Equals("jpeg", StringComparison.OrdinalIgnoreCase)
                ? "jpg"
                : type.ToLowerInvariant()
            : "img";
}
