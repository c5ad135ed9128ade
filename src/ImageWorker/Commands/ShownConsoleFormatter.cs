using ImageWorker.Zpk;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace ImageWorker.Commands;

/// <summary>
/// Writes entries as another formatter does, with escapes for what would act on a terminal or mislead the eye: texts of
/// publishers and of ZPK get into them.
/// </summary>
internal sealed class ShownConsoleFormatter(ConsoleFormatter inner) : ConsoleFormatter(inner.Name)
{
    /// <summary>Puts it before the formatter of this name. Without one there is no text to show.</summary>
    public static void Use(IServiceCollection services, string name)
    {
        var registered = services.FirstOrDefault(service =>
            service.ServiceType == typeof(ConsoleFormatter)
            && service.ImplementationType?.Name.Equals(
                $"{name}{nameof(ConsoleFormatter)}",
                StringComparison.OrdinalIgnoreCase
            ) == true
        );
        if (registered is null)
            return;
        services.Remove(registered);
        services.AddSingleton<ConsoleFormatter>(provider => new ShownConsoleFormatter(
            (ConsoleFormatter)ActivatorUtilities.CreateInstance(provider, registered.ImplementationType!)
        ));
    }

    public override void Write<TState>(
        in LogEntry<TState> logEntry,
        IExternalScopeProvider? scopeProvider,
        TextWriter textWriter
    )
    {
        var (format, exception) = (logEntry.Formatter, logEntry.Exception);
        inner.Write(
            new LogEntry<TState>(
                logEntry.LogLevel,
                logEntry.Category,
                logEntry.EventId,
                logEntry.State,
                exception is null ? null : new ShownException(exception),
                (state, _) => ShownText.Lines(format(state, exception))
            ),
            scopeProvider,
            textWriter
        );
    }

    private sealed class ShownException(Exception exception) : Exception
    {
        public override string ToString() => ShownText.Lines(exception.ToString());
    }
}
