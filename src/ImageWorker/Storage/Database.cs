namespace ImageWorker.Storage;

/// <summary>Opens the worker's database for one piece of work at a time.</summary>
public sealed class Database(IServiceScopeFactory scopes)
{
    /// <summary>Does the work in a new context, and closes the context.</summary>
    public async Task<T> InAsync<T>(Func<WorkerContext, Task<T>> work)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await work(scope.ServiceProvider.GetRequiredService<WorkerContext>());
    }
}
