using System.Threading.Channels;
using ImageWorker.Submission;
using MassTransit.Mediator;
using Microsoft.Extensions.Options;

namespace ImageWorker.Delivery;

/// <summary>Makes the <see cref="PendingCalls"/>, some at once; what they answer goes on to the saga.</summary>
public sealed partial class CallRunner(
    PendingCalls calls,
    IMediator mediator,
    IOptions<SubmissionOptions> submissionOptions,
    ILogger<CallRunner> logger
)
{
    private readonly SubmissionOptions options = submissionOptions.Value;

    /// <summary>Returns once no more calls are taken and all are done.</summary>
    public Task Run() =>
        Task.WhenAll(
            Enumerable
                .Repeat(calls.Submissions, options.Concurrency)
                .Concat(Enumerable.Repeat(calls.Checks, options.CheckConcurrency))
                .Select(Work)
        );

    private async Task Work(ChannelReader<object> messages)
    {
        await foreach (var message in messages.ReadAllAsync())
        {
            try
            {
                await mediator.Send(message);
            }
            catch (OperationCanceledException) when (calls.Stopping.IsCancellationRequested)
            {
                Log.LeftUndone(logger, message.GetType().Name);
            }
            catch (Exception exception)
            {
                Log.Failed(logger, message.GetType().Name, exception);
            }
            finally
            {
                calls.Done(message);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "{Message} failed; its request's timer has it done again")]
        public static partial void Failed(ILogger logger, string message, Exception exception);

        [LoggerMessage(2, LogLevel.Debug, "{Message} was still waiting for its turn; its request's timer has it done")]
        public static partial void LeftUndone(ILogger logger, string message);
    }
}
