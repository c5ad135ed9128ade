using System.CommandLine;
using ImageWorker.Commands;
using ImageWorker.Hosting;

namespace ImageWorker.Tests.Commands;

public sealed class HostSettingsTests
{
    [Theory]
    [InlineData("")]
    [InlineData("--Zpk:BaseAddress=http://127.0.0.1:5080")]
    [InlineData("--Zpk:BaseAddress http://127.0.0.1:5080")]
    [InlineData("--urls http://127.0.0.1:0 --Requests:MaxResends=1")]
    [InlineData("--Queues:Prefix -odd --Requests:MaxResends 1")]
    [InlineData("--OTEL_SERVICE_NAME=x --logging:loglevel:default=Debug --ConnectionStrings:Postgres Host=a")]
    public void Settings_pass_through_as_they_are(string line) =>
        Assert.Equal(Split(line), HostSettings.From(Parse(line)), StringComparer.Ordinal);

    [Theory]
    [InlineData("rnu", "rnu")]
    [InlineData("-v", "-v")]
    [InlineData("Zpk:ApiKey=1", "Zpk:ApiKey=1")]
    [InlineData("--Requests:MaxResends=1 stray", "stray")]
    [InlineData("--Requests:MaxResends 1 stray", "stray")]
    [InlineData("--bogus", "--bogus")]
    [InlineData("--bogus=1", "--bogus=1")]
    [InlineData("--Request:MaxResends 1", "--Request:MaxResends")]
    [InlineData("--urls=http://127.0.0.1:0 --Requests:MaxResends", "--Requests:MaxResends")]
    public void Anything_else_is_a_mistake_and_is_named(string line, string named)
    {
        var mistake = Assert.Throws<ConfigurationException>(() => HostSettings.From(Parse(line)));

        Assert.Contains($"'{named}'", mistake.Message, StringComparison.Ordinal);
    }

    private static ParseResult Parse(string line) => RunCommand.Create().Parse(Split(line));

    private static string[] Split(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
