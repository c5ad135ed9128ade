using System.Net;
using System.Text;
using ImageWorker.Operations;
using ImageWorker.Tests.Zpk;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace ImageWorker.Tests.Operations;

public sealed class OperationsKeyTests
{
    private const string Key = "a-key-of-some-length";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("127.0.0.1", "/handler")]
    [InlineData("127.0.0.1", "/delegate")]
    [InlineData("[::1]", "/handler")]
    public async Task On_loopback_no_key_is_needed(string bound, string path)
    {
        await using var app = await StartAsync(bound);

        Assert.Equal((HttpStatusCode.OK, "secret"), await GetAsync(app, path));
    }

    [Theory]
    [InlineData("/handler")]
    [InlineData("/delegate")]
    public async Task Off_loopback_without_a_key_nobody_is_let_in_and_is_told_why(string path)
    {
        await using var app = await StartAsync("0.0.0.0");

        var (status, body) = await GetAsync(app, path, $"Bearer {Key}");

        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Contains("Operations:Key", body, StringComparison.Ordinal);
        Assert.Single(body.Trim().Split('\n'));
        Assert.Equal((HttpStatusCode.OK, "open"), await GetAsync(app, "/open"));
    }

    [Fact]
    public async Task On_loopback_a_foreign_host_name_is_not_let_in_without_a_key()
    {
        await using var app = await StartAsync("127.0.0.1");

        Assert.Equal(HttpStatusCode.Forbidden, (await GetAsync(app, "/handler", host: "evil.example")).Status);
    }

    [Theory]
    [InlineData("0.0.0.0", null, HttpStatusCode.Unauthorized)]
    [InlineData("127.0.0.1", null, HttpStatusCode.Unauthorized)]
    [InlineData("0.0.0.0", $"Bearer {Key}", HttpStatusCode.OK)]
    [InlineData("0.0.0.0", $"bearer {Key}", HttpStatusCode.OK)]
    [InlineData("0.0.0.0", $"Bearer {Key}x", HttpStatusCode.Unauthorized)]
    [InlineData("0.0.0.0", "Bearer", HttpStatusCode.Unauthorized)]
    [InlineData("0.0.0.0", $"Token {Key}", HttpStatusCode.Unauthorized)]
    [InlineData("0.0.0.0", "Basic !", HttpStatusCode.Unauthorized)]
    [InlineData("0.0.0.0", $"Basic {Key}", HttpStatusCode.Unauthorized)]
    public async Task With_a_key_set_it_must_be_shown(string bound, string? shown, HttpStatusCode expected)
    {
        await using var app = await StartAsync(bound, options => options.Key = Key);

        Assert.Equal(expected, (await GetAsync(app, "/handler", shown)).Status);
        Assert.Equal(expected, (await GetAsync(app, "/delegate", shown)).Status);
    }

    [Theory]
    [InlineData($"admin:{Key}", HttpStatusCode.OK)]
    [InlineData($":{Key}", HttpStatusCode.OK)]
    [InlineData($"{Key}:", HttpStatusCode.Unauthorized)]
    [InlineData(Key, HttpStatusCode.Unauthorized)]
    public async Task A_browser_shows_it_as_a_password(string user, HttpStatusCode expected)
    {
        await using var app = await StartAsync("0.0.0.0", options => options.Key = Key);
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes(user));

        Assert.Equal(expected, (await GetAsync(app, "/handler", $"Basic {basic}")).Status);
    }

    [Fact]
    public async Task A_key_in_a_file_can_be_replaced()
    {
        using var file = new KeyFile($"{Key}\n");
        await using var app = await StartAsync("0.0.0.0", options => options.KeyFile = file.Path);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(app, "/handler", $"Bearer {Key}")).Status);

        file.Write("another-key-of-some-length");
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(app, "/handler", $"Bearer {Key}")).Status);

        // While it is being written nobody gets in, not even with the empty key.
        file.Write("");
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(app, "/handler", "Bearer ")).Status);
    }

    private static async Task<WebApplication> StartAsync(string bound, Action<OperationsOptions>? configure = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls($"http://{bound}:0");
        builder.Services.AddLogging().AddRouting().AddHttpClient();
        builder.Services.Configure(configure ?? (_ => { }));
        builder.Services.AddOperationsKey();
        var app = builder.Build();
        app.MapGet("/handler", () => "secret").RequireOperationsKey();
        app.MapGet("/delegate", http => http.Response.WriteAsync("secret")).RequireOperationsKey();
        app.MapGet("/open", () => "open");
        await app.StartAsync(Ct);
        return app;
    }

    private static async Task<(HttpStatusCode Status, string Body)> GetAsync(
        WebApplication app,
        string path,
        string? authorization = null,
        string? host = null
    )
    {
        var address = new Uri(app.Urls.Single().Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal));
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, path));
        request.Headers.Host = host;
        if (authorization is not null)
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        using var http = app.Services.GetRequiredService<IHttpClientFactory>().CreateClient();
        using var response = await http.SendAsync(request, Ct);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Ct));
    }
}
