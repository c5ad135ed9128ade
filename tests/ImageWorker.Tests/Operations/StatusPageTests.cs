using ImageWorker.Operations;
using ImageWorker.Tests.Requests;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ImageWorker.Tests.Operations;

public sealed class StatusPageTests : IAsyncLifetime
{
    private WorkerUnderTest worker = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => worker = await WorkerUnderTest.Start();

    public ValueTask DisposeAsync() => worker.DisposeAsync();

    [Fact]
    public async Task It_shows_what_is_open_and_what_was_closed_and_no_prompt()
    {
        var (open, _) = await worker.Reach(Given.Generating);
        var (closed, _) = await worker.Reach(Given.Closed);
        worker.Time.Advance(TimeSpan.FromMinutes(5));

        var html = await Html(await Read());

        Assert.Contains(
            $"""<td class="id">{open}</td><td>Generating</td><td>0 of 2</td>""",
            html,
            StringComparison.Ordinal
        );
        Assert.Contains("<td>0.0760</td><td>5 min</td>", html, StringComparison.Ordinal);
        Assert.Contains($"""<td class="id">{closed}</td>""", html, StringComparison.Ordinal);
        Assert.Contains("<td>2 of 2</td>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("lighthouse", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_others_wrote_is_encoded()
    {
        const string text = "<script>alert('x')</script>";
        var status = await Read() with { Problem = text, Gate = (worker.Time.GetUtcNow(), text) };

        var html = await Html(status);

        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("&lt;script&gt;", html, StringComparison.Ordinal);
    }

    private Task<WorkerStatus> Read() => worker.With<WorkerStatusReader, WorkerStatus>(reader => reader.Read(Ct));

    private Task<string> Html(WorkerStatus status) =>
        status.ToHtml(worker.Services, worker.Services.GetRequiredService<ILoggerFactory>());
}
