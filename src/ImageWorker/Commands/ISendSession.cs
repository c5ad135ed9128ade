using ImageWorker.Contracts;

namespace ImageWorker.Commands;

/// <summary>Where commands are sent to, and where the events about them come from.</summary>
internal interface ISendSession : IAsyncDisposable
{
    /// <summary>In words, where a command goes.</summary>
    string Destination { get; }

    /// <summary>Once this returns, the command is kept by somebody else.</summary>
    Task SendAsync(GenerateImages command, CancellationToken ct);

    /// <summary>
    /// The events of what this session sent: <see cref="ImagesReady"/> and <see cref="ImagesFailed"/>, a repeat of one now
    /// and then, and from a broker <see cref="ImageGenerated"/>. They never end.
    /// </summary>
    IAsyncEnumerable<object> EventsAsync(CancellationToken ct);
}
