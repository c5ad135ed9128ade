using System.Net;
using System.Text.Json;

namespace ImageWorker.Tests.Operations;

public sealed class ReadinessTests
{
    private const string NoFolder = "no-folder/worker.db";

    [Fact]
    public async Task Anybody_sees_what_fails_and_of_what_kind_that_is()
    {
        await using var app = await OperationsApp.StartAsync(
            file: NoFolder,
            settings: ("Operations:Key", OperationsApp.Key)
        );

        foreach (var authorization in new[] { null, "Bearer wrong", OperationsApp.Basic($"{OperationsApp.Key}:") })
        {
            var answer = await app.GetAsAsync(authorization, "/health/ready");

            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status);
            var database = CheckOf(answer, "database");
            Assert.Equal(
                ["status: Unhealthy", "problem: cannot be reached"],
                database.EnumerateObject().Select(part => $"{part.Name}: {part.Value.GetString()}"),
                StringComparer.Ordinal
            );
            Assert.DoesNotContain("description", answer.Body, StringComparison.Ordinal);
            Assert.DoesNotContain("SQLite", answer.Body, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_may_look_is_told_all_that_is_known(bool withKey)
    {
        await using var app = await OperationsApp.StartAsync(
            file: NoFolder,
            settings: withKey ? [("Operations:Key", OperationsApp.Key)] : []
        );

        var answer = await app.GetAsAsync(withKey ? $"Bearer {OperationsApp.Key}" : null, "/health/ready");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status);
        Assert.Contains(
            "unable to open database file",
            CheckOf(answer, "database").GetProperty("description").GetString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Through_a_proxy_nobody_is_told_more_without_a_key()
    {
        await using var app = await OperationsApp.StartAsync(file: NoFolder);

        var answer = await app.GetAsync("/health/ready", "X-Forwarded-For: 203.0.113.7");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status);
        Assert.DoesNotContain("description", answer.Body, StringComparison.Ordinal);
    }

    private static JsonElement CheckOf(OperationsAnswer answer, string name) =>
        JsonDocument.Parse(answer.Body).RootElement.GetProperty("checks").GetProperty(name);
}
