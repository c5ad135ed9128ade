using System.Net;
using System.Text;

namespace ImageWorker.Tests.Zpk;

/// <summary>Stands for the API below the HTTP client: keeps each request's body, and answers as told.</summary>
internal sealed class StubApi(Func<int, CancellationToken, Task<HttpResponseMessage>> answer) : HttpMessageHandler
{
    private readonly TaskCompletionSource _called = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public StubApi(Func<HttpResponseMessage> answer)
        : this((_, _) => Task.FromResult(answer())) { }

    /// <summary>Answers with each in turn, and with the last from then on.</summary>
    public StubApi(params Func<HttpResponseMessage>[] answers)
        : this((call, _) => Task.FromResult(answers[Math.Min(call, answers.Length) - 1]())) { }

    public List<string> Bodies { get; } = [];

    public List<HttpRequestMessage> Requests { get; } = [];

    public Task Called => _called.Task;

    public static HttpResponseMessage Json(string body, int status = 200) =>
        new((HttpStatusCode)status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };

    public static HttpResponseMessage Html(int status) =>
        new((HttpStatusCode)status) { Content = new StringContent("<h1>gateway</h1>", Encoding.UTF8, "text/html") };

    public static HttpResponseMessage RetryAfter(int status, int seconds)
    {
        var response = Html(status);
        response.Headers.RetryAfter = new(TimeSpan.FromSeconds(seconds));
        return response;
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct)
    {
        Requests.Add(request);
        Bodies.Add(request.Content is null ? "" : await request.Content.ReadAsStringAsync(ct));
        _called.TrySetResult();
        var response = await answer(Requests.Count, ct);
        response.RequestMessage ??= request;
        return response;
    }
}
