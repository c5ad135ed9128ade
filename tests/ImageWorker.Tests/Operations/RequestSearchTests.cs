using System.Text.Json;
using ImageWorker.Contracts;
using ImageWorker.Operations;
using ImageWorker.Operations.Api;
using ImageWorker.Requests;
using ImageWorker.Tests.Saga;

namespace ImageWorker.Tests.Operations;

public sealed class RequestSearchTests : IAsyncLifetime
{
    private WorkerUnderTest _worker = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _worker = await WorkerUnderTest.StartAsync();

    public ValueTask DisposeAsync() => _worker.DisposeAsync();

    [Theory]
    [InlineData(null, null, "Generating Withdrawn Closed Closed")]
    [InlineData("open", null, "Generating")]
    [InlineData("GENERATING", null, "Generating")]
    [InlineData("Submitting", null, "")]
    [InlineData("withdrawn", null, "Withdrawn")]
    [InlineData("closed", null, "Closed Closed")]
    [InlineData(null, "ready", "Closed")]
    [InlineData(null, "budgetexceeded", "Closed")]
    [InlineData(null, "Cancelled", "")]
    [InlineData("open", "ready", "")]
    public async Task State_and_outcome_narrow_it_down(string? state, string? outcome, string found)
    {
        await _worker.LetAsync(await _worker.ReachAsync(Given.Initial), Happening.CommandOverBudget);
        await _worker.ReachAsync(Given.Closed);
        await _worker.ReachAsync(Given.Generating);
        await _worker.ReachAsync(Given.Withdrawn);

        var requests = await InAsync(new RequestSearch(state, outcome));

        Assert.Equal(found, string.Join(' ', requests.Select(request => request.State)));
    }

    [Fact]
    public async Task Open_ones_come_oldest_first_closed_ones_latest_first_and_none_past_the_limit()
    {
        List<Guid> ids = [];
        foreach (var given in new[] { Given.Closed, Given.Generating, Given.Closed, Given.Generating })
        {
            ids.Add((await _worker.ReachAsync(given)).Id);
            _worker.Time.Advance(TimeSpan.FromSeconds(1));
        }

        var requests = await InAsync(new RequestSearch(Limit: 3));

        Assert.Equal([ids[1], ids[3], ids[2]], requests.Select(request => request.Id));
    }

    [Theory]
    [InlineData("acme", null, "high low")]
    [InlineData("default", null, "high normal")]
    [InlineData(null, RequestPriority.High, "high high")]
    [InlineData("acme", RequestPriority.Low, "low")]
    [InlineData("acme", RequestPriority.Normal, "")]
    public async Task Tenant_and_priority_narrow_it_down(string? tenant, RequestPriority? priority, string found)
    {
        foreach (var (of, word) in new[] { ("acme", "high"), ("acme", "low"), (null, "high"), (null, "normal") })
        {
            await _worker.HandleAsync(Happenings.Command() with { Tenant = of, Priority = word });
            _worker.Time.Advance(TimeSpan.FromSeconds(1));
        }

        var requests = await InAsync(new RequestSearch(Tenant: tenant, Priority: priority));

        Assert.Equal(found, string.Join(' ', requests.Select(request => request.Priority)));
    }

    [Fact]
    public async Task Age_is_since_the_command()
    {
        var (old, _) = await _worker.ReachAsync(Given.Generating);
        _worker.Time.Advance(TimeSpan.FromHours(1));
        var (young, _) = await _worker.ReachAsync(Given.Generating);
        var between = _worker.Time.GetUtcNow() - TimeSpan.FromMinutes(30);

        Assert.Equal(old, Assert.Single(await InAsync(new RequestSearch(Until: between))).Id);
        Assert.Equal(young, Assert.Single(await InAsync(new RequestSearch(Since: between))).Id);
    }

    [Fact]
    public async Task Pages_follow_each_other_through_open_withdrawn_and_closed_ones_and_miss_none()
    {
        foreach (
            var given in new[]
            {
                Given.Closed,
                Given.Generating,
                Given.Withdrawn,
                Given.Closed,
                Given.Generating,
                Given.Closed,
            }
        )
        {
            await _worker.ReachAsync(given);
            _worker.Time.Advance(TimeSpan.FromSeconds(1));
        }
        var all = await InAsync(new RequestSearch());

        foreach (
            var search in new[]
            {
                new RequestSearch(Limit: 1),
                new(Limit: 2),
                new(Limit: 4),
                new() { MinCost = 0 },
            }
        )
        {
            var found = new List<Guid>();
            RequestCursor? after = null;
            do
            {
                var page = await _worker.InDatabaseAsync(db => (search with { After = after }).PageAsync(db, Ct));
                found.AddRange(page.Requests.Select(request => request.Id));
                // As a caller keeps it.
                after = page.Next is null ? null : RequestCursor.TryParse(page.Next.ToString())!;
            } while (after is not null);

            Assert.Equal(
                all.Where(request => search.MinCost is null || request.ClosedAt is not null)
                    .Select(request => request.Id),
                found
            );
        }
    }

    [Theory]
    [InlineData(null, null, null)]
    [InlineData("acme", null, null)]
    [InlineData("acme", "GeneralError", null)]
    [InlineData("acme", "GeneralError", "GENERAL_ERROR")]
    [InlineData(null, "GeneralError", "GENERAL_ERROR")]
    public async Task A_search_that_takes_too_long_is_cut_short_and_its_next_page_goes_on_there(
        string? tenant,
        string? outcome,
        string? error
    )
    {
        const int Every = 150;
        var rows = Enumerable.Range(0, 1_000).Select(number => Closed(number, number % Every == 0)).ToList();
        await _worker.InDatabaseAsync(async db =>
        {
            db.Requests.AddRange(rows);
            return await db.SaveChangesAsync(Ct);
        });
        var search = new RequestSearch(Outcome: outcome, Tenant: tenant, Limit: 2)
        {
            Error = error,
            Model = "dall-e-3",
            Patience = TimeSpan.Zero,
        };

        var pages = new List<FoundRequests>();
        do
        {
            pages.Add(
                await _worker.InDatabaseAsync(db =>
                    (search with { After = pages.LastOrDefault()?.Next }).PageAsync(db, Ct)
                )
            );
        } while (pages[^1].Next is not null);

        Assert.Equal(
            rows.Where(row => row.Model == "dall-e-3").Reverse().Select(row => row.CorrelationId),
            pages.SelectMany(page => page.Requests).Select(request => request.Id)
        );
        Assert.Contains(pages, page => page.IsCutShort);
        Assert.All(pages, page => Assert.Equal(page.IsCutShort, page is { Requests.Count: < 2, Next: not null }));
        Assert.Equal(
            pages.SelectMany(page => page.Requests).Select(request => request.Id),
            (await InAsync(search with { Limit = 50 })).Select(request => request.Id)
        );

        ImageRequest Closed(int number, bool isMeant) =>
            new()
            {
                CorrelationId = Guid.NewGuid(),
                State = RequestStates.Closed,
                RequestedAt = _worker.Time.GetUtcNow(),
                ClosedAt = _worker.Time.GetUtcNow() + TimeSpan.FromSeconds(number),
                Tenant = "acme",
                Model = isMeant ? "dall-e-3" : "zpk-ultra",
                Reason = FailureReason.GeneralError,
                ImageErrors = "|GENERAL_ERROR|",
            };
    }

    [Fact]
    public async Task What_was_closed_at_one_time_is_cut_in_two_without_a_loss()
    {
        var at = _worker.Time.GetUtcNow();
        var rows = Enumerable
            .Range(0, 600)
            .Select(_ => new ImageRequest
            {
                CorrelationId = Guid.NewGuid(),
                State = RequestStates.Closed,
                RequestedAt = at,
                ClosedAt = at,
            })
            .ToList();
        // The last in the order of ids.
        var low = rows.MinBy(row => $"{row.CorrelationId}", StringComparer.Ordinal)!;
        low.Priority = RequestPriority.Low;
        await _worker.InDatabaseAsync(async db =>
        {
            db.Requests.AddRange(rows);
            return await db.SaveChangesAsync(Ct);
        });

        var found = new List<Guid>();
        RequestCursor? after = null;
        do
        {
            var search = new RequestSearch(Priority: RequestPriority.Low) { After = after, Patience = TimeSpan.Zero };
            var page = await _worker.InDatabaseAsync(db => search.PageAsync(db, Ct));
            found.AddRange(page.Requests.Select(request => request.Id));
            after = page.Next;
        } while (after is not null);

        Assert.Equal([low.CorrelationId], found);
    }

    [Fact]
    public void A_page_that_is_cut_short_says_so_to_programs_and_no_other_does()
    {
        var next = new RequestCursor(RequestSection.Closed, _worker.Time.GetUtcNow(), Guid.NewGuid());

        var whole = JsonSerializer.Serialize(RequestsAnswer.Of(new([], next)), JsonSerializerOptions.Web);
        var cut = JsonSerializer.Serialize(
            RequestsAnswer.Of(new([], next) { IsCutShort = true }),
            JsonSerializerOptions.Web
        );

        Assert.Equal($$"""{"requests":[],"next":"{{next}}"}""", whole);
        Assert.Equal($$"""{"requests":[],"next":"{{next}}","cutShort":true}""", cut);
    }

    [Theory]
    [InlineData("")]
    [InlineData("closed")]
    [InlineData("closed.1.2")]
    [InlineData("7.1.7c2e69a733b54c4daae5b19acb00ab8f")]
    [InlineData("closed.-1.7c2e69a733b54c4daae5b19acb00ab8f")]
    [InlineData("closed.9999999999999999999.7c2e69a733b54c4daae5b19acb00ab8f")]
    [InlineData("closed.9000000000000000000.7c2e69a733b54c4daae5b19acb00ab8f")]
    public void What_is_no_end_of_a_page_is_refused(string text) => Assert.Null(RequestCursor.TryParse(text));

    [Fact]
    public async Task Id_model_metadata_error_and_cost_narrow_it_down()
    {
        await using var worker = await WorkerUnderTest.StartAsync(
            settings: new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["Operations:SearchableMetadata"] = "order",
            }
        );
        var dear = await CloseAsync(1.5m, Happenings.Generated(0), "dall-e-3", "17\u0000");
        var cheap = await CloseAsync(0.038m, Happenings.Generated(0), "zpk-ultra", "18");
        var failed = await CloseAsync(0m, Happenings.Failed(0, "CONTENT_POLICY_VIOLATION"), "zpk-ultra", null);

        await FindsAsync(new() { Model = "dall-e-3" }, dear);
        await FindsAsync(new() { Metadata = "17\u0000" }, dear);
        await FindsAsync(new() { Metadata = "1" });
        await FindsAsync(new() { Error = "CONTENT_POLICY_VIOLATION" }, failed);
        await FindsAsync(new() { Error = "CONTENT_POLICY" });
        await FindsAsync(new() { MinCost = 0.038m, MaxCost = 1.4m }, cheap);
        await FindsAsync(new() { MinCost = 0.5m }, dear);
        await FindsAsync(new() { MinCost = 10m });
        await FindsAsync(new() { Id = RequestIdText.TryParse($"{cheap}"[..13]) }, cheap);
        await FindsAsync(new() { Id = RequestIdText.TryParse($"{cheap}"), MaxCost = 0.01m });

        async Task<Guid> CloseAsync(decimal cost, ImageWorker.Zpk.ZpkImage image, string model, string? order)
        {
            var metadata = new Dictionary<string, string>(StringComparer.Ordinal) { ["customer"] = "18" };
            if (order is not null)
                metadata["order"] = order;
            var command = Happenings.Command(count: 1) with { Model = model, Metadata = metadata };
            var request = (await worker.HandleAsync(command)).Request!;
            request = (await worker.HandleAsync(request.Accepted(worker, cost, Happenings.Running(0)))).Request!;
            Assert.NotNull((await worker.HandleAsync(request.Checked(worker, image))).Request!.ClosedAt);
            return command.RequestId;
        }

        async Task FindsAsync(RequestSearch search, params Guid[] ids) =>
            Assert.Equal(
                ids,
                (await worker.InDatabaseAsync(db => search.FindAsync(db, Ct))).Select(request => request.Id)
            );
    }

    private Task<List<RequestSummary>> InAsync(RequestSearch search) =>
        _worker.InDatabaseAsync(db => search.FindAsync(db, Ct));
}
