using System.Net;

namespace ImageWorker.Tests.Operations;

/// <summary>Without a key, only who asks from this machine is an operator.</summary>
public sealed class LocalCallerTests(LocalCallerTests.Worker worker) : IClassFixture<LocalCallerTests.Worker>
{
    [Fact]
    public async Task On_loopback_no_key_is_needed()
    {
        Assert.Equal(HttpStatusCode.OK, (await worker.App.GetAsync("/")).Status);
        Assert.Equal(HttpStatusCode.OK, (await worker.App.GetAsync("/metrics")).Status);
        Assert.Equal(HttpStatusCode.OK, (await worker.App.GetAsync("/", "Host: localhost")).Status);

        await using var v6 = await OperationsApp.StartAsync("[::1]");
        Assert.Equal(HttpStatusCode.OK, (await v6.GetAsync("/")).Status);
    }

    [Fact]
    public async Task Nobody_acts_without_a_key()
    {
        foreach (var header in new[] { "X-Operator: admin", $"Authorization: Bearer {OperationsApp.Key}" })
        {
            var answer = await worker.App.SendAsync("POST /act", header);

            Assert.Equal(HttpStatusCode.Forbidden, answer.Status);
            Assert.StartsWith(
                "Without a key one may look, not act: set Operations:Key",
                answer.Body,
                StringComparison.Ordinal
            );
        }
    }

    [Theory]
    [InlineData("evil.example")]
    [InlineData("127.0.0.1.evil.example")]
    [InlineData("localhost.evil.example")]
    [InlineData("10.0.0.1")]
    [InlineData("")]
    public async Task Under_a_foreign_host_name_nobody_is_let_in(string host)
    {
        Assert.Equal(HttpStatusCode.Forbidden, (await worker.App.GetAsync("/", $"Host: {host}")).Status);
    }

    [Theory]
    [InlineData("X-Forwarded-For: 203.0.113.7")]
    [InlineData("X-Forwarded-For: 127.0.0.1")]
    [InlineData("x-forwarded-for: 203.0.113.7")]
    [InlineData("X-Forwarded-For:")]
    [InlineData("X-Forwarded-Host: images.example")]
    [InlineData("X-Forwarded-Proto: https")]
    [InlineData("X-Forwarded-Server: proxy")]
    [InlineData("Forwarded: for=203.0.113.7;proto=https")]
    [InlineData("Forwarded: for=127.0.0.1")]
    [InlineData("X-Real-IP: 203.0.113.7")]
    [InlineData("Via: 1.1 proxy")]
    public async Task What_a_proxy_passes_on_is_not_local(string header)
    {
        foreach (var what in OperationsKeyTests.Guarded)
            Assert.Equal(HttpStatusCode.Forbidden, (await worker.App.SendAsync(what, header)).Status);
        Assert.Equal(HttpStatusCode.OK, (await worker.App.GetAsync("/health/live", header)).Status);
    }

    [Fact]
    public async Task Nor_is_it_where_the_host_takes_those_headers_out()
    {
        await using var app = await OperationsApp.StartAsync(settings: ("ForwardedHeaders_Enabled", "true"));

        Assert.Equal(HttpStatusCode.Forbidden, (await app.GetAsync("/", "X-Forwarded-For: 127.0.0.1")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await app.GetAsync("/", "X-Forwarded-Proto: https")).Status);
        Assert.Equal(HttpStatusCode.OK, (await app.GetAsync("/")).Status);
    }

    [Fact]
    public async Task Through_a_proxy_the_key_lets_in()
    {
        await using var app = await OperationsApp.StartAsync(settings: ("Operations:Key", OperationsApp.Key));

        var answer = await app.GetAsync(
            "/",
            "Host: images.example",
            "X-Forwarded-For: 203.0.113.7",
            $"Authorization: Bearer {OperationsApp.Key}"
        );

        Assert.Equal(HttpStatusCode.OK, answer.Status);
    }

    /// <summary>One on loopback without a key.</summary>
    public sealed class Worker : IAsyncLifetime
    {
        internal OperationsApp App { get; private set; } = null!;

        public async ValueTask InitializeAsync() => App = await OperationsApp.StartAsync();

        public ValueTask DisposeAsync() => App.DisposeAsync();
    }
}
