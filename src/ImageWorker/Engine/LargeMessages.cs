using ImageWorker.Hosting;
using MassTransit;

namespace ImageWorker.Engine;

/// <summary>
/// Handles messages that are much larger than any command one at a time, because each is copied, and has their memory given
/// back.
/// </summary>
/// <param name="memory">Where they come from.</param>
public sealed class LargeMessages(PooledMemory memory) : IFilter<ReceiveContext>, IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);

    public async Task Send(ReceiveContext context, IPipe<ReceiveContext> next)
    {
        if (context.Body.Length is not { } length || length < PooledMemory.Large)
        {
            await next.Send(context);
            return;
        }
        await _turn.WaitAsync(context.CancellationToken);
        try
        {
            await next.Send(context);
        }
        finally
        {
            _turn.Release();
            memory.Used(length);
        }
    }

    public void Dispose() => _turn.Dispose();

    public void Probe(ProbeContext context) => context.CreateFilterScope("largeMessages");
}
