using ImageWorker.Commands;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace ImageWorker.Tests.Commands;

public sealed class ShownConsoleFormatterTests
{
    [Fact]
    public void A_text_log_writes_out_what_would_act_on_a_terminal()
    {
        var line = Logged("model \u001b[2J\a\r\u009b1m\u202Eabc é 🦊", null);

        Assert.Contains(@"model \u001b[2J\u0007\u000d\u009b1m\u202eabc é 🦊", line, StringComparison.Ordinal);
        Assert.DoesNotContain(line.TrimEnd('\n'), char.IsControl);
    }

    [Fact]
    public void So_it_does_in_an_exception()
    {
        var line = Logged("It failed", new InvalidOperationException("\u001b[2J"));

        Assert.Contains(@"System.InvalidOperationException: \u001b[2J", line, StringComparison.Ordinal);
        Assert.DoesNotContain(line.TrimEnd('\n'), char.IsControl);
    }

    private static string Logged(string message, Exception? exception)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.UseWorkerLogging();
        using var host = builder.Build();
        var formatter = host
            .Services.GetServices<ConsoleFormatter>()
            .Single(formatter => formatter.Name == ConsoleFormatterNames.Simple);
        using var written = new StringWriter();
        formatter.Write(
            new LogEntry<string>(LogLevel.Error, "Category", 1, message, exception, (state, _) => state),
            null,
            written
        );
        return written.ToString();
    }
}
