using System.Net;
using System.Text.Json;
using ImageWorker.Operations.Api;

namespace ImageWorker.Tests.Operations;

public sealed class RequestsApiTests(OperationsKeyTests.Worker worker) : IClassFixture<OperationsKeyTests.Worker>
{
    [Theory]
    [InlineData("id=7c2", "id is '7c2'")]
    [InlineData("state=lost", "state is 'lost'")]
    [InlineData("outcome=Lost", "outcome is 'Lost'")]
    [InlineData("priority=urgent", "priority is 'urgent'")]
    [InlineData("olderThan=1", "olderThan is '1'")]
    [InlineData("newerThan=soon", "newerThan is 'soon'")]
    [InlineData("metadata=17", "set Operations:SearchableMetadata")]
    [InlineData("limit=0", "limit is 0")]
    [InlineData("limit=1001", "limit is 1001")]
    [InlineData("after=x", "after is no place")]
    [InlineData("limit=abc", "limit is 'abc': write a whole number")]
    [InlineData("limit=99999999999", "limit is '99999999999'")]
    [InlineData("minCost=NaN", "minCost is 'NaN': write a number")]
    [InlineData("older-than=15m", "There is no parameter 'older-than' here: write id, state, outcome,")]
    [InlineData("tenant=%00", "NUL")]
    public async Task A_wrong_filter_is_told_what_is_meant(string query, string detail)
    {
        var answer = await worker.App.GetAsAsync($"Bearer {OperationsApp.ViewKey}", $"/api/requests?{query}");

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains(
            detail,
            JsonDocument.Parse(answer.Body).RootElement.GetProperty("detail").GetString(),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("GET /api/requests/abc", "", 404, "a whole UUID")]
    [InlineData("DELETE /api/requests", "", 405, "does not take DELETE")]
    [InlineData("GET /api/status?bogus=1", "", 400, "There is no parameter 'bogus' here: write none.")]
    [InlineData("POST /api/pace", "x", 400, "cannot be read: a body is")]
    [InlineData("POST /api/pace", "", 400, "cannot be read: a body is")]
    [InlineData("POST /api/requests/cancel", """{"tenant":5}""", 400, "cannot be read: a body is")]
    [InlineData("POST /api/requests/cancel", """{"tenant":"\u0000","preview":true}""", 400, "NUL")]
    public async Task A_call_that_no_endpoint_takes_is_told_why(string what, string body, int status, string detail)
    {
        string[] headers =
        [
            $"Authorization: Bearer {OperationsApp.Key}",
            $"{ActionsEndpoints.Header}: act",
            "Content-Type: application/json",
        ];
        var answer = await worker.App.SendAsync(what, body, headers);

        Assert.Equal(status, (int)answer.Status);
        Assert.Contains(
            detail,
            JsonDocument.Parse(answer.Body).RootElement.GetProperty("detail").GetString(),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("/api/requests?state=open&priority=HIGH&olderThan=15m&id=7c2e69a7", """{"requests":[],"next":null}""")]
    [InlineData("/api/costs?by=tenant", """{"rows":[]}""")]
    [InlineData("/api/costs?by=tenant,model&format=csv", "model,tenant,requests,images,cost,wasted,unknown\n")]
    public async Task Where_there_is_nothing_an_empty_list_is_answered(string path, string body)
    {
        var answer = await worker.App.GetAsAsync($"Bearer {OperationsApp.ViewKey}", path);

        Assert.Equal((HttpStatusCode.OK, body), (answer.Status, answer.Body));
    }

    [Theory]
    [InlineData("since=30", "since is '30'")]
    [InlineData("by=cost", "by is 'cost'")]
    [InlineData("format=xml", "format is 'xml'")]
    public async Task Costs_are_refused_likewise(string query, string detail)
    {
        var answer = await worker.App.GetAsAsync($"Bearer {OperationsApp.ViewKey}", $"/api/costs?{query}");

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains(
            detail,
            JsonDocument.Parse(answer.Body).RootElement.GetProperty("detail").GetString(),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("since=7x", "since is '7x': write a number")]
    [InlineData("by=cost", "by is 'cost': write some of day")]
    public async Task Their_page_says_so_and_shows_no_sums(string query, string detail)
    {
        var answer = await worker.App.GetAsAsync($"Bearer {OperationsApp.ViewKey}", $"/costs?{query}");

        Assert.Contains(detail, WebUtility.HtmlDecode(answer.Body), StringComparison.Ordinal);
        Assert.DoesNotContain("Cost unknown", answer.Body, StringComparison.Ordinal);
    }
}
