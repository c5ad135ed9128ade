using System.CommandLine;
using System.Text;
using ImageWorker.Operations;

namespace ImageWorker.Commands;

/// <summary><c>ImageWorker healthcheck</c>: asks a running worker whether it is ready; for containers without a shell.</summary>
public static class HealthcheckCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static Command Create()
    {
        var command = new Command(
            "healthcheck",
            "Ask the worker at ASPNETCORE_URLS whether it is ready: exit 0 if so, else 1."
        );
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken ct)
    {
        var builder = WebApplication.CreateBuilder();
        HostSettings.Complete(builder.Configuration);
        builder.UseWorkerDefaults();
        builder.Services.AddHttpClient();
        await using var app = builder.Build();

        // A wildcard is an address to listen at. The question goes to loopback.
        var url = app.Configuration["urls"]!
            .Split(';')[0]
            .Replace("*", "127.0.0.1")
            .Replace("+", "127.0.0.1")
            .Replace("0.0.0.0", "127.0.0.1")
            .Replace("[::]", "127.0.0.1");
        using var http = app.Services.GetRequiredService<IHttpClientFactory>().CreateClient();
        http.Timeout = Patience;
        // Not needed, but who shows it is told more. In this form it may hold any character.
        var operations = app.Configuration.GetSection(OperationsOptions.Section).Get<OperationsOptions>();
        if ((operations?.CurrentKey() ?? operations?.CurrentViewKey()) is { } key)
            http.DefaultRequestHeaders.Authorization = new(
                "Basic",
                Convert.ToBase64String(Encoding.UTF8.GetBytes($":{key}"))
            );
        try
        {
            var answer = await http.GetAsync(new Uri(new Uri(url), "/health/ready"), ct);
            Console.WriteLine(await answer.Content.ReadAsStringAsync(ct));
            return answer.IsSuccessStatusCode ? CommandLine.Done : CommandLine.Failed;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            await Console.Error.WriteLineAsync($"ImageWorker: no answer from {url}: {exception.Message}");
            return CommandLine.Failed;
        }
    }
}
