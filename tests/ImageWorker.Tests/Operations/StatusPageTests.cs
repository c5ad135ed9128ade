using System.Text.RegularExpressions;
using ImageWorker.Operations;
using ImageWorker.Operations.Pages;
using ImageWorker.Storage;
using ImageWorker.Tests.Saga;

namespace ImageWorker.Tests.Operations;

public sealed partial class StatusPageTests : IAsyncLifetime
{
    private WorkerUnderTest _worker = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _worker = await WorkerUnderTest.StartAsync();

    public ValueTask DisposeAsync() => _worker.DisposeAsync();

    [Fact]
    public async Task It_shows_what_is_open_and_what_was_closed_and_no_prompt()
    {
        var (open, _) = await _worker.ReachAsync(Given.Generating);
        var (closed, _) = await _worker.ReachAsync(Given.Closed);
        _worker.Time.Advance(TimeSpan.FromMinutes(5));

        var html = await HtmlAsync(await ReadAsync());

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
        var (closed, _) = await _worker.ReachAsync(Given.Closed);

        var details = await _worker.WithAsync<WorkerContext, RequestDetails?>(db =>
            RequestDetails.FindAsync(db, closed, _worker.Time.GetUtcNow(), Ct)
        );
        var html = await OperationsEndpoints.HtmlAsync<RequestPage>(
            _worker.Services,
            (nameof(RequestPage.Details), details),
            (nameof(RequestPage.Now), _worker.Time.GetUtcNow())
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
        var status = await ReadAsync() with { Problem = text, Gate = (_worker.Time.GetUtcNow(), text) };

        var html = await HtmlAsync(status);

        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("&lt;script&gt;", html, StringComparison.Ordinal);
    }

    private Task<WorkerStatus> ReadAsync() =>
        _worker.WithAsync<WorkerStatusReader, WorkerStatus>(reader => reader.ReadAsync(Ct));

    private Task<string> HtmlAsync(WorkerStatus status) =>
        OperationsEndpoints.HtmlAsync<StatusPage>(_worker.Services, (nameof(StatusPage.Status), status));

    private static string[] Cells(string row) =>
        [.. Cell().Matches(row).Select(cell => Tag().Replace(cell.Groups["text"].Value, "").Trim())];

    [GeneratedRegex("<td[^>]*>(?<text>.*?)</td>", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Cell();

    [GeneratedRegex("<[^>]*>", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Tag();
}
