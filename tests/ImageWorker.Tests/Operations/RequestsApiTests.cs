using System.Net;
using System.Text.Json;

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
}
