using System.Net.Http.Headers;
using ImageWorker.ZpkSimulator.Api;
using ImageWorker.ZpkSimulator.Generation;

namespace ImageWorker.ZpkSimulator.Callbacks;

/// <summary>
/// POSTs to a submission's <c>callback_url</c> as each image is completed. A callback is sent once, and again only by
/// the duplication that the options ask for: whether the real service retries is not known.
/// </summary>
internal sealed class CallbackSender(SimulatorOptions options, Dice dice, AnswerWriter writer) : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    private readonly CancellationTokenSource _stopping = new();
    private long _sent;
    private long _lost;
    private long _failed;

    public CallbackCounts Counts =>
        new(Interlocked.Read(ref _sent), Interlocked.Read(ref _lost), Interlocked.Read(ref _failed));

    public void Start(Submission submission)
    {
        if (submission.CallbackUrl is null)
            return;
        for (var number = 0; number < submission.Num; number++)
            _ = SendWhenCompletedAsync(submission, number);
    }

    /// <summary>After a restart: what was completed meanwhile is not announced again.</summary>
    public void Resume(Submission submission)
    {
        if (submission.LastEnd > options.TimeProvider.GetUtcNow())
            Start(submission);
    }

    public void Clear()
    {
        Interlocked.Exchange(ref _sent, 0);
        Interlocked.Exchange(ref _lost, 0);
        Interlocked.Exchange(ref _failed, 0);
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _http.Dispose();
        _stopping.Dispose();
    }

    private async Task SendWhenCompletedAsync(Submission submission, int number)
    {
        try
        {
            await options.TimeProvider.UntilAsync(submission.EndOf(number) + options.CallbackDelay, _stopping.Token);
            if (dice.Chance(options.CallbackLossRate))
            {
                Interlocked.Increment(ref _lost);
                return;
            }

            lock (submission)
                submission.Invite();
            await PostAsync(submission, number);
            if (dice.Chance(options.CallbackDuplicationRate))
                await PostAsync(submission, number);
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
        {
            // The server is stopping.
        }
    }

    private async Task PostAsync(Submission submission, int number)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, submission.CallbackUrl)
        {
            Content = new ByteArrayContent(Body(submission, number))
            {
                Headers = { ContentType = new MediaTypeHeaderValue(Answer.ContentType) },
            },
        };
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        timeout.CancelAfter(Timeout);
        try
        {
            using var response = await _http.SendAsync(request, timeout.Token);
            Interlocked.Increment(ref response.IsSuccessStatusCode ? ref _sent : ref _failed);
        }
        catch (HttpRequestException)
        {
            Interlocked.Increment(ref _failed);
        }
        catch (OperationCanceledException) when (!_stopping.IsCancellationRequested)
        {
            Interlocked.Increment(ref _failed);
        }
    }

    private byte[] Body(Submission submission, int number)
    {
        var now = options.TimeProvider.GetUtcNow();
        var answer = Answer.Begin();
        var json = answer.Json;
        json.WriteStartObject();
        if (options.CallbackShape != CallbackShape.Empty)
            json.WriteString("unique_request_id"u8, submission.Id);
        if (options.CallbackShape == CallbackShape.Image)
            writer.WriteImageFields(json, submission, submission.Origin, number, now);
        if (options.CallbackShape == CallbackShape.Images)
        {
            json.WriteStartArray("images"u8);
            for (var other = 0; other < submission.Num; other++)
                writer.WriteImage(json, submission, submission.Origin, other, now);
            json.WriteEndArray();
        }

        json.WriteEndObject();
        return answer.ToArray();
    }
}
