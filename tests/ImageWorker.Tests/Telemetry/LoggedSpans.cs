using System.Collections.Concurrent;
using System.Data.Common;
using System.Diagnostics;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Logging;

namespace ImageWorker.Tests.Telemetry;

/// <summary>Keeps the commits and the log entries on requests, in their order, and the span of each entry.</summary>
internal sealed class LoggedSpans : DbTransactionInterceptor, ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<(string What, ActivitySpanId? Span)> _seen = new();

    /// <summary>A commit by this word, an entry by its third.</summary>
    public IReadOnlyList<(string What, ActivitySpanId? Span)> Seen => [.. _seen];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    )
    {
        var words = formatter(state, exception).Split(' ');
        if (words[0] is "Request" or "Command")
            _seen.Enqueue((words[2], Activity.Current?.SpanId));
    }

    public override Task TransactionCommittedAsync(
        DbTransaction transaction,
        TransactionEndEventData eventData,
        CancellationToken cancellationToken = default
    )
    {
        _seen.Enqueue(("commit", null));
        return Task.CompletedTask;
    }

    public void Clear() => _seen.Clear();

    public void Dispose() { }
}
