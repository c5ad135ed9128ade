using System.Text.RegularExpressions;
using ImageWorker.Operations;
using ImageWorker.Operations.Api;
using ImageWorker.Operations.Pages;
using ImageWorker.Requests;
using ImageWorker.Tests.Saga;
using Microsoft.EntityFrameworkCore;

namespace ImageWorker.Tests.Operations;

public sealed partial class PagesTests : IAsyncLifetime
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

        var html = await OverviewAsync(await ReadAsync());

        var rows = html.Split("<tr>");
        var openRow = Assert.Single(rows, row => row.Contains($"requests/{open}\"", StringComparison.Ordinal));
        Assert.Equal(
            [$"{open}", "Generating", "", "0 of 2", "0.0760", "default", "2026-03-01 12:00:00Z", "5 min"],
            Cells(openRow)
        );
        var closedRow = Assert.Single(rows, row => row.Contains($"requests/{closed}\"", StringComparison.Ordinal));
        Assert.Equal([$"{closed}", "ready", "", "2 of 2", "0.0760"], Cells(closedRow)[..5]);
        Assert.DoesNotContain("lighthouse", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_for_each_request_tells_all_that_is_known_of_it_and_no_prompt()
    {
        var (closed, _) = await _worker.ReachAsync(Given.Closed);

        var html = await RequestAsync(closed);

        var cells = html.Split("<tr>").Select(Cells).ToList();
        Assert.Contains(
            cells,
            row => row is [_, var what] && what.StartsWith("closed: ready", StringComparison.Ordinal)
        );
        Assert.Contains(cells, row => row is ["ImagesReady", _, _, "delivered"]);
        Assert.Contains($"api/requests/{closed}/pictures/1", html, StringComparison.Ordinal);
        Assert.DoesNotContain("lighthouse", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_open_request_says_what_it_waits_for()
    {
        var (open, _) = await _worker.ReachAsync(Given.Generating);

        var html = await RequestAsync(open);

        Assert.Contains("is checked at 2026-03-01", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_others_wrote_is_encoded()
    {
        const string text = "<script>alert('x')</script>";
        var (id, _) = await _worker.ReachAsync(Given.Closed);
        await _worker.InDatabaseAsync(async db =>
        {
            var row = await db.Requests.SingleAsync(request => request.CorrelationId == id, Ct);
            row.Tenant = text;
            row.Errors = [new(text, text, text)];
            row.Warnings = [new(text, text, text)];
            row.Command = row.Command! with
            {
                Model = text,
                Metadata = new Dictionary<string, string>(StringComparer.Ordinal) { [text] = text },
            };
            row.Images =
            [
                .. row.Images,
                new()
                {
                    Number = 2,
                    State = ImageState.Failed,
                    ErrorId = text,
                },
            ];
            return await db.SaveChangesAsync(Ct);
        });
        var status = await ReadAsync() with { Problem = text, Gate = (_worker.Time.GetUtcNow(), text) };

        string[] pages = [await OverviewAsync(status), await RequestAsync(id)];

        Assert.All(
            pages,
            html =>
            {
                Assert.DoesNotContain("<script>", html, StringComparison.OrdinalIgnoreCase);
                Assert.Contains("&lt;script&gt;", html, StringComparison.Ordinal);
            }
        );
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_page_of_a_search_that_was_cut_short_says_so(bool isCutShort)
    {
        var html = await ConsolePages.HtmlAsync<RequestsPage>(
            _worker.Services,
            (nameof(RequestsPage.View), new ConsoleView(await ReadAsync(), MayAct: false, "requests")),
            (nameof(RequestsPage.Filter), new RequestFilter()),
            (nameof(RequestsPage.Found), new FoundRequests([], Next: null) { IsCutShort = isCutShort }),
            (nameof(RequestsPage.Next), "requests?after=x")
        );

        Assert.Equal(isCutShort, html.Contains("The search was cut short", StringComparison.Ordinal));
    }

    private Task<WorkerStatus> ReadAsync() =>
        _worker.WithAsync<WorkerStatusReader, WorkerStatus>(reader => reader.ReadAsync(Ct));

    private async Task<string> OverviewAsync(WorkerStatus status) =>
        await ConsolePages.HtmlAsync<OverviewPage>(
            _worker.Services,
            (nameof(OverviewPage.View), new ConsoleView(status, MayAct: false)),
            (nameof(OverviewPage.Open), await FindAsync(RequestSearch.Open)),
            (nameof(OverviewPage.Closed), await FindAsync(RequestStates.Closed))
        );

    private async Task<string> RequestAsync(Guid id) =>
        await ConsolePages.HtmlAsync<RequestPage>(
            _worker.Services,
            (nameof(RequestPage.View), new ConsoleView(await ReadAsync(), MayAct: false, "requests", "../")),
            (
                nameof(RequestPage.Details),
                await _worker.InDatabaseAsync(db => RequestDetails.FindAsync(db, id, _worker.Time.GetUtcNow(), Ct))
            ),
            (nameof(RequestPage.Now), _worker.Time.GetUtcNow())
        );

    private Task<List<RequestSummary>> FindAsync(string state) =>
        _worker.InDatabaseAsync(db => new RequestSearch(state).FindAsync(db, Ct));

    private static string[] Cells(string row) =>
        [.. Cell().Matches(row).Select(cell => Tag().Replace(cell.Groups["text"].Value, "").Trim())];

    [GeneratedRegex("<td[^>]*>(?<text>.*?)</td>", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Cell();

    [GeneratedRegex("<[^>]*>", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Tag();
}
