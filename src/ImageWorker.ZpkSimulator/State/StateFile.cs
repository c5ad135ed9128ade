using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using ImageWorker.ZpkSimulator.Generation;

namespace ImageWorker.ZpkSimulator.State;

/// <summary>
/// Accepted submissions as JSON lines. A line is handed to the operating system before its call is answered, so it
/// survives the death of the process, though not that of the machine.
/// </summary>
internal sealed class StateFile : IDisposable
{
    private const string OwnerSuffix = ".pid";

    private readonly FileStream _stream;

    /// <summary>Takes the file for this process.</summary>
    /// <exception cref="IOException">Another process has the file, or it cannot be opened.</exception>
    public StateFile(string path)
    {
        try
        {
            _stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (IOException taken) when (OwnerOf(path) is { } owner)
        {
            throw new IOException($"{Path.GetFullPath(path)} belongs to the process with the id {owner}.", taken);
        }
        NoteOwner();
    }

    /// <summary>
    /// Reads what earlier processes accepted. A last line without its end was being written when the process died, and
    /// its call was never answered: it is cut off.
    /// </summary>
    public List<AcceptedSubmission> ReadAll()
    {
        var content = new byte[_stream.Length];
        _stream.ReadExactly(content);
        var end = content.AsSpan().LastIndexOf((byte)'\n') + 1;
        _stream.SetLength(end);
        _stream.Position = end;

        var accepted = new List<AcceptedSubmission>();
        for (var start = 0; start < end; )
        {
            var line = content.AsSpan(start, content.AsSpan(start).IndexOf((byte)'\n'));
            accepted.Add(JsonSerializer.Deserialize(line, StateFileJson.Default.AcceptedSubmission)!);
            start += line.Length + 1;
        }

        return accepted;
    }

    public void Append(AcceptedSubmission accepted)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(accepted, StateFileJson.Default.AcceptedSubmission);
        lock (_stream)
            _stream.Write([.. json, (byte)'\n']);
    }

    public void Clear()
    {
        lock (_stream)
            _stream.SetLength(0);
    }

    public void Dispose()
    {
        File.Delete(_stream.Name + OwnerSuffix);
        _stream.Dispose();
    }

    /// <summary>In a file of its own, because nobody else can read this one.</summary>
    private void NoteOwner()
    {
        try
        {
            File.WriteAllText(_stream.Name + OwnerSuffix, $"{Environment.ProcessId}");
        }
        catch (IOException)
        {
            // The disk is full. The lock itself needs no room.
        }
    }

    /// <summary>The process that has the file; null if none has, or if that is not known.</summary>
    private static int? OwnerOf(string path) =>
        File.Exists(path + OwnerSuffix)
        && int.TryParse(File.ReadAllText(path + OwnerSuffix), CultureInfo.InvariantCulture, out var owner)
            ? owner
            : null;
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(AcceptedSubmission))]
internal sealed partial class StateFileJson : JsonSerializerContext;
