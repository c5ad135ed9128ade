using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace ImageWorker.Tests.Storage;

/// <summary>Has something happen right before a statement, once: the race that a test could not hit by chance.</summary>
/// <param name="statement">How the statement begins.</param>
public sealed class BeforeCommand(string statement) : DbCommandInterceptor
{
    /// <summary>Null once it happened.</summary>
    public Func<Task>? Action { get; set; }

    public override async ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
        DbCommand command,
        CommandEventData eventData,
        InterceptionResult<int> result,
        CancellationToken cancellationToken = default
    )
    {
        await HappenAsync(command);
        return result;
    }

    public override async ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
        DbCommand command,
        CommandEventData eventData,
        InterceptionResult<DbDataReader> result,
        CancellationToken cancellationToken = default
    )
    {
        await HappenAsync(command);
        return result;
    }

    private async Task HappenAsync(DbCommand command)
    {
        if (
            Action is not { } action
            || !command.CommandText.TrimStart().StartsWith(statement, StringComparison.Ordinal)
        )
            return;
        Action = null;
        await action();
    }
}
