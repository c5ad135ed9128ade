using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using ImageWorker.IntegrationTests.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace ImageWorker.IntegrationTests.Workers;

/// <summary>A worker's process and its HTTP endpoints, which are asked as soon as it says where they are.</summary>
public sealed partial class StartedWorker(ChildProcess process) : IAsyncDisposable
{
    private static readonly IHttpClientFactory Clients = new ServiceCollection()
        .AddHttpClient()
        .BuildServiceProvider()
        .GetRequiredService<IHttpClientFactory>();

    public ChildProcess Process => process;

    /// <summary>Asks for a page or the like.</summary>
    /// <param name="path">What is asked for.</param>
    /// <param name="key">The operators' key, shown if there is one.</param>
    /// <param name="accept">What type of content is asked for.</param>
    public async Task<(HttpStatusCode Status, string Body)> GetAsync(
        string path,
        string? key = null,
        string accept = "*/*"
    )
    {
        using var http = Clients.CreateClient();
        http.DefaultRequestHeaders.Authorization = key is null ? null : new("Bearer", key);
        http.DefaultRequestHeaders.Add("Accept", accept);
        using var answer = await http.GetAsync(await AddressOfAsync(path), TestContext.Current.CancellationToken);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public async Task<HttpStatusCode> PostAsync(string path, string body)
    {
        using var http = Clients.CreateClient();
        using var content = new StringContent(body);
        using var answer = await http.PostAsync(
            await AddressOfAsync(path),
            content,
            TestContext.Current.CancellationToken
        );
        return answer.StatusCode;
    }

    /// <summary>Does what an operator does.</summary>
    public async Task<(HttpStatusCode Status, JsonElement Body)> ActAsync(string path, object asked, string key)
    {
        using var http = Clients.CreateClient();
        http.DefaultRequestHeaders.Authorization = new("Bearer", key);
        http.DefaultRequestHeaders.Add("X-ImageWorker", "act");
        using var answer = await http.PostAsJsonAsync(
            await AddressOfAsync(path),
            asked,
            TestContext.Current.CancellationToken
        );
        var body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return (answer.StatusCode, JsonDocument.Parse(body).RootElement);
    }

    /// <summary>Returns once it says that it can work.</summary>
    public async Task ReadyAsync()
    {
        try
        {
            // Asking its health all the time would slow down its start.
            await process.WaitForLineAsync(line => line.Contains("Working: ", StringComparison.Ordinal));
            await Eventually.PassesAsync(async () =>
                Assert.Equal(HttpStatusCode.OK, (await GetAsync("/health/ready")).Status)
            );
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => process.DisposeAsync();

    public async Task<Uri> AddressOfAsync(string path)
    {
        var line = await process.WaitForLineAsync(Listening().IsMatch);
        return new(new Uri(Listening().Match(line).Groups["address"].Value), path);
    }

    [GeneratedRegex("Now listening on: (?<address>http://[^\"\\s]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Listening();
}
