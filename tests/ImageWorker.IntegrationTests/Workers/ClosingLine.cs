using System.Text.Json;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;

namespace ImageWorker.IntegrationTests.Workers;

/// <summary>The closing event that a command prints on standard output, alone.</summary>
internal static class ClosingLine
{
    public static async Task<ImagesReady> ReadyAsync(ChildProcess command) => await ReadAsync<ImagesReady>(command, 0);

    public static async Task<ImagesFailed> FailedAsync(ChildProcess command) =>
        await ReadAsync<ImagesFailed>(command, 1);

    private static async Task<T> ReadAsync<T>(ChildProcess command, int expectedCode)
    {
        var code = await command.WaitForExitAsync();
        Assert.True(code == expectedCode, $"{command} ended with {code}:\n{command.Tail}");
        return JsonSerializer.Deserialize<T>(Assert.Single(command.OutputLines), JsonSerializerOptions.Web)!;
    }
}
