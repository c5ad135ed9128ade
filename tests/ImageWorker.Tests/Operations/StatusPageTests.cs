using System.Text.RegularExpressions;
using ImageWorker.Operations;
using ImageWorker.Operations.Pages;
using ImageWorker.Storage;
using ImageWorker.Tests.Saga;

namespace ImageWorker.Tests.Operations;

public sealed partial class StatusPageTests : IAsyncLifetime
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

        var rows = html.Split("<tr>");
        var openRow = Assert.Single(rows, row => row.Contains($"requests/{open}", StringComparison.Ordinal));
        Assert.Equal([$"{open}", "Generating", "0 of 2", "0.0760", "5 min"], Cells(openRow)[..5]);
        var closedRow = Assert.Single(rows, row => row.Contains($"requests/{closed}", StringComparison.Ordinal));
        Assert.Equal([$"{closed}", "ready", "2 of 2", "0.0760"], Cells(closedRow)[..4]);
        Assert.DoesNotContain("lighthouse", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_for_each_request_tells_all_that_is_known_of_it_and_no_prompt()
    {
        var (closed, _) = await worker.Reach(Given.Closed);

        var details = await worker.With<WorkerContext, RequestDetails?>(db => RequestDetails.Find(db, closed, Ct));
        var html = await OperationsEndpoints.Html<RequestPage>(
            worker.Services,
            (nameof(RequestPage.Details), details),
            (nameof(RequestPage.Now), worker.Time.GetUtcNow())
        );

        var cells = html.Split("<tr>").Select(Cells).ToList();
        Assert.Contains(
            cells,
            row => row is [_, var what] && what.StartsWith("closed: ready", StringComparison.Ordinal)
        );
        Assert.Contains(cells, row => row is ["image 1", "Generated", "1", ..]);
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
        OperationsEndpoints.Html<StatusPage>(worker.Services, (nameof(StatusPage.Status), status));

    private static string[] Cells(string row) =>
        [.. Cell().Matches(row).Select(cell => Tag().Replace(cell.Groups["text"].Value, "").Trim())];

    [GeneratedRegex("<td[^>]*>(?<text>.*?)</td>", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Cell();

    [GeneratedRegex("<[^>]*>", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Tag();
}
