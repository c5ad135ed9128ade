using System.Threading.Channels;
using ImageWorker.Hosting;
using ImageWorker.Requests;
using ImageWorker.Saga;
using ImageWorker.Submission;
using ImageWorker.Telemetry;
using Microsoft.Extensions.Options;

namespace ImageWorker.Engine;

/// <summary>Makes the <see cref="PendingCalls"/>, several at once, and tells the saga their answers.</summary>
public sealed partial class CallRunner(
    PendingCalls calls,
    Submitter submitter,
    Checker checker,
    RequestDoor door,
    Stopping stopping,
    IOptions<SubmissionOptions> submissionOptions,
    ILogger<CallRunner> logger
)
{
    private readonly SubmissionOptions _options = submissionOptions.Value;

    /// <summary>Returns once no more calls are taken and all calls are done.</summary>
    public Task RunAsync() =>
        Task.WhenAll(
            Enumerable
                .Repeat(calls.Submissions, _options.Concurrency)
                .Concat(Enumerable.Repeat(calls.Checks, _options.CheckConcurrency))
                .Select(WorkAsync)
        );

    private async Task WorkAsync(ChannelReader<IZpkCall> pending)
    {
        await foreach (var call in pending.ReadAllAsync())
        {
            try
            {
                await MakeAsync(call);
            }
            catch (OperationCanceledException) when (stopping.Token.IsCancellationRequested)
            {
                Log.LeftUndone(logger, call.GetType().Name);
            }
            catch (Exception exception)
            {
                Log.Failed(logger, call.RequestId, call.GetType().Name, exception);
            }
            finally
            {
                calls.Done(call);
            }
        }
    }

    private async Task MakeAsync(IZpkCall call)
    {
        object? answer = call switch
        {
            SubmitImages submit => await submitter.HandleAsync(submit, CancellationToken.None),
            CheckImages check => await checker.HandleAsync(check, CancellationToken.None),
            _ => throw new InvalidOperationException($"{call.GetType().Name} is no call."),
        };
        if (answer is null)
            return;
        using var trace = RequestTracing.Resume(call.Trace?.Parent);
        await door.TellAsync(answer);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Request {RequestId}: {Message} failed; its timer has it done again")]
        public static partial void Failed(ILogger logger, Guid requestId, string message, Exception exception);

        [LoggerMessage(2, LogLevel.Debug, "{Message} was still waiting for its turn; its request's timer has it done")]
        public static partial void LeftUndone(ILogger logger, string message);
    }
}
