using System.Collections.Concurrent;
using ImageWorker.Tests.Zpk;

namespace ImageWorker.Tests.Submission;

/// <summary>Stands for ZPK: answers each endpoint as a test says, and counts the calls.</summary>
internal sealed class StubZpk : HttpMessageHandler
{
    public const string Accepted =
        """{"success":true,"images":[{"num":0,"wait_time":"27"},{"num":1,"wait_time":"27"}],"cost":0.0760}""";

    public ConcurrentQueue<string> Bodies { get; } = [];

    public int GenerateCalls => _generateCalls;

    public int CheckCalls => _checkCalls;

    public Func<Task<HttpResponseMessage>> OnGenerate { get; set; } = () => Task.FromResult(StubApi.Json(Accepted));

    public Func<Task<HttpResponseMessage>> OnCheck { get; set; } =
        () => Task.FromResult(StubApi.Json(Answers.NotFound));

    /// <summary>True while no connection can be made.</summary>
    public bool IsAway { get; set; }

    private int _generateCalls;
    private int _checkCalls;

    public void Generate(string body, int status = 200) =>
        OnGenerate = () => Task.FromResult(StubApi.Json(body, status));

    public void Check(string body, int status = 200) => OnCheck = () => Task.FromResult(StubApi.Json(body, status));

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct)
    {
        if (IsAway)
            throw new HttpRequestException(HttpRequestError.ConnectionError, "Connection refused");
        Bodies.Enqueue(await request.Content!.ReadAsStringAsync(ct));
        if (request.RequestUri!.AbsolutePath.EndsWith("/generate", StringComparison.Ordinal))
        {
            Interlocked.Increment(ref _generateCalls);
            return await OnGenerate();
        }
        Interlocked.Increment(ref _checkCalls);
        return await OnCheck();
    }
}
