using Microsoft.AspNetCore.Connections;

namespace ImageWorker.ZpkSimulator.Connections;

/// <summary>How many TCP connections clients hold open, now and at most.</summary>
internal sealed class ConnectionCounter
{
    private readonly Lock _gate = new();

    public int Open { get; private set; }

    public int Peak { get; private set; }

    public ConnectionDelegate Count(ConnectionDelegate next) =>
        async connection =>
        {
            lock (_gate)
                Peak = Math.Max(Peak, ++Open);
            try
            {
                await next(connection);
            }
            finally
            {
                lock (_gate)
                    Open--;
            }
        };

    public void Clear()
    {
        lock (_gate)
            Peak = Open;
    }
}
