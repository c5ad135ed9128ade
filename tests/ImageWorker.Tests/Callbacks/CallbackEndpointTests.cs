using System.Net;
using System.Net.Sockets;
using System.Text;
using ImageWorker.Requests;
using ImageWorker.Tests.ZpkSimulator;

namespace ImageWorker.Tests.Callbacks;

public sealed class CallbackEndpointTests
{
    private const string Submission = "submission1";

    private static readonly Guid Request = Guid.Parse("0f8fad5b-d9cb-469f-a165-70867728950e");

    public static TheoryData<string, string?, int> Bodies =>
        new()
        {
            { "none", null, 0 },
            { "json", "application/json", 20 },
            { "not json", "application/json", 21 },
            { "no type", null, 20 },
            { "a form", "multipart/form-data; boundary=x", 100 },
            { "bytes", "application/octet-stream", 1000 },
            { "1 MB", "application/json", 1024 * 1024 },
        };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_good_token_is_accepted_and_handed_on_whatever_the_body(string name, string? type, int length)
    {
        await using var app = await CallbackApp.StartAsync();
        using var body = Body(name, type, length);

        var status = await app.PostAsync(await app.AddressAsync(Request, Submission), body);

        Assert.Equal(HttpStatusCode.Accepted, status);
        await Eventually.TrueAsync(() => !app.Hints.IsEmpty);
        Assert.Equal([new CallbackReceived(Request, Submission)], app.Hints);
    }

    [Fact]
    public async Task A_bad_token_is_not_found_and_hands_nothing_on()
    {
        await using var app = await CallbackApp.StartAsync();
        var good = (await app.AddressAsync(Request, Submission)).Segments[^1];
        string?[] bad =
        [
            "x",
            ".",
            "a.b",
            good[1..],
            good[..^1],
            good + "=",
            good + "%20",
            good.ToUpperInvariant(),
            new string('A', 4000),
            $"{Request:N}{Submission}",
            // Issued under our key, but about no submission.
            await app.Tokens.IssueAsync("short", TestContext.Current.CancellationToken),
            await app.Tokens.IssueAsync($"{Request:N}", TestContext.Current.CancellationToken),
            await app.Tokens.IssueAsync(new string('x', 40), TestContext.Current.CancellationToken),
        ];

        foreach (var token in bad)
            Assert.Equal(HttpStatusCode.NotFound, await app.PostAsync(app.AddressWith(token!)));

        await AssertHandedOnAsync(app, 0);
    }

    [Fact]
    public async Task A_token_replayed_without_end_is_a_hint_a_second()
    {
        await using var app = await CallbackApp.StartAsync();
        var address = await app.AddressAsync(Request, Submission);

        for (var second = 1; second <= 3; second++)
        {
            var statuses = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => app.PostAsync(address)));
            Assert.All(statuses, status => Assert.Equal(HttpStatusCode.Accepted, status));
            await Eventually.TrueAsync(() => app.Hints.Count == second);
            app.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        await Eventually.TrueAsync(() => app.Hints.Count == 4);
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        await AssertHandedOnAsync(app, 4);
    }

    [Fact]
    public async Task A_callback_soon_after_another_is_handed_on_a_second_after_it()
    {
        await using var app = await CallbackApp.StartAsync();
        var address = await app.AddressAsync(Request, Submission);
        await app.PostAsync(address);
        await Eventually.TrueAsync(() => app.Hints.Count == 1);

        app.Clock.Advance(TimeSpan.FromMilliseconds(300));
        await app.PostAsync(address);
        app.Clock.Advance(TimeSpan.FromMilliseconds(699));
        await AssertHandedOnAsync(app, 1);
        app.Clock.Advance(TimeSpan.FromMilliseconds(1));

        await Eventually.TrueAsync(() => app.Hints.Count(hint => hint.SubmissionId == Submission) == 2);
    }

    [Fact]
    public async Task A_body_beyond_reason_is_answered_all_the_same_and_not_waited_for()
    {
        await using var app = await CallbackApp.StartAsync();
        var address = await app.AddressAsync(Request, Submission);
        using var socket = new TcpClient(address.Host, address.Port);
        var head = $"POST {address.AbsolutePath} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000\r\n\r\n{{";

        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head), TestContext.Current.CancellationToken);
        using var answer = new StreamReader(socket.GetStream());
        var all = answer.ReadToEndAsync(TestContext.Current.CancellationToken);

        // Kestrel would wait 5 s for the rest of a body within its limit before it closes the connection.
        Assert.StartsWith(
            "HTTP/1.1 202",
            await all.WaitAsync(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
        await Eventually.TrueAsync(() => app.Hints.Count == 1);
    }

    [Fact]
    public async Task Submissions_of_one_request_are_told_apart()
    {
        await using var app = await CallbackApp.StartAsync();

        foreach (var submission in (string[])["a", "b", "a", "b"])
            Assert.Equal(HttpStatusCode.Accepted, await app.PostAsync(await app.AddressAsync(Request, submission)));

        await Eventually.TrueAsync(() => app.Hints.Count >= 2);
        Assert.Equal(
            ["a", "b"],
            app.Hints.Select(hint => hint.SubmissionId).Order(StringComparer.Ordinal),
            StringComparer.Ordinal
        );
    }

    [Fact]
    public async Task A_hint_that_cannot_be_handed_on_is_accepted_all_the_same()
    {
        await using var app = await CallbackApp.StartAsync(withSaga: false);

        Assert.Equal(HttpStatusCode.Accepted, await app.PostAsync(await app.AddressAsync(Request, Submission)));
    }

    [Fact]
    public async Task Without_a_public_address_none_is_given()
    {
        await using var app = await CallbackApp.StartAsync();
        app.Zpk.CallbackBaseUrl = null;

        Assert.Null(await app.Endpoint.AddressForAsync(Request, Submission));
    }

    [Theory]
    [InlineData("https://worker.example", "https://worker.example/zpk/callbacks/")]
    [InlineData("https://worker.example:8443/", "https://worker.example:8443/zpk/callbacks/")]
    [InlineData("http://worker.example/behind/a/proxy/", "http://worker.example/behind/a/proxy/zpk/callbacks/")]
    [InlineData("https://worker.example/a%20b", "https://worker.example/a%20b/zpk/callbacks/")]
    public async Task The_address_is_the_public_one_and_the_token(string publicAddress, string start)
    {
        await using var app = await CallbackApp.StartAsync();
        app.Zpk.CallbackBaseUrl = new Uri(publicAddress);

        var address = await app.AddressAsync(Request, Submission);

        var token = address.Segments[^1];
        // As it was made: this is how it goes to ZPK.
        Assert.Equal(start + token, address.OriginalString);
        Assert.Equal(
            $"{Request:N}{Submission}",
            await app.Tokens.VerifyAsync(token, TestContext.Current.CancellationToken)
        );
    }

    private static ByteArrayContent? Body(string name, string? type, int length)
    {
        if (length == 0)
            return null;
        var text = name == "json" ? """{"images":[{"num":0}]}""" : new string('{', length);
        var body = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
        if (type is not null)
            body.Headers.TryAddWithoutValidation("Content-Type", type);
        return body;
    }

    /// <summary>Hints keep their order: once another has come through, no earlier one is under way.</summary>
    private static async Task AssertHandedOnAsync(CallbackApp app, int count)
    {
        var last = new CallbackReceived(Guid.NewGuid(), "last");
        await app.PostAsync(await app.AddressAsync(last.RequestId, last.SubmissionId));
        await Eventually.TrueAsync(() => app.Hints.Contains(last));

        Assert.Equal(count, app.Hints.Count(hint => hint != last));
    }
}
