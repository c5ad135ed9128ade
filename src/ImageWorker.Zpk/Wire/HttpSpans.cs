using System.Diagnostics;

namespace ImageWorker.Zpk.Wire;

/// <summary>
/// .NET notes in the span of an HTTP call what broke it, before anybody can catch it, and its message may quote a line of
/// the answer. Here it gets the clean one to note.
/// </summary>
internal static class HttpSpans
{
    private static readonly AsyncLocal<ServerText?> OfCall = new();

    // It samples nothing, so that without another listener there is no span.
    private static readonly ActivityListener Listener = new()
    {
        ShouldListenTo = source => source.Name == "System.Net.Http",
        ExceptionRecorder = Note,
    };

    static HttpSpans() => ActivitySource.AddActivityListener(Listener);

    /// <summary>Cleans what the calls from here on note, until the method that asks for it ends.</summary>
    public static void Clean(ServerText texts) => OfCall.Value = texts;

    private static void Note(Activity activity, Exception exception, ref TagList tags)
    {
        if (OfCall.Value is not { } texts)
            return;
        tags.Add("exception.message", texts.Message(exception.Message));
        tags.Add("exception.stacktrace", exception.StackTrace);
    }
}
