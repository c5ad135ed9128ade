using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ImageWorker.ZpkSimulator.Api;

/// <summary>
/// A JSON answer under construction. Each thread reuses one, so it must be sent before the thread does anything else:
/// no await between <see cref="Begin"/> and <see cref="SendAsync"/>.
/// </summary>
internal sealed class Answer
{
    /// <summary>Exactly this: the vendor's SDK refuses a content type with a charset parameter.</summary>
    public const string ContentType = "application/json";

    [ThreadStatic]
    private static Answer? _perThread;

    private readonly ArrayBufferWriter<byte> _buffer = new(4096);

    private Answer()
    {
        Json = new Utf8JsonWriter(
            _buffer,
            new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true }
        );
    }

    public Utf8JsonWriter Json { get; }

    public static Answer Begin()
    {
        var answer = _perThread ??= new Answer();
        answer._buffer.ResetWrittenCount();
        answer.Json.Reset();
        return answer;
    }

    public byte[] ToArray()
    {
        Json.Flush();
        return _buffer.WrittenSpan.ToArray();
    }

    public Task SendAsync(HttpResponse response, string contentType = ContentType, bool truncated = false)
    {
        Json.Flush();
        var body = truncated ? _buffer.WrittenSpan[..(_buffer.WrittenCount / 2)] : _buffer.WrittenSpan;
        response.ContentType = contentType;
        response.ContentLength = body.Length;
        response.BodyWriter.Write(body);
        var flush = response.BodyWriter.FlushAsync();
        return flush.IsCompletedSuccessfully ? Task.CompletedTask : flush.AsTask();
    }
}
