using System.Globalization;
using ImageWorker.Hosting;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace ImageWorker.Engine;

/// <summary>
/// Finds out whether the messages that the broker delivers ahead of time fit into memory. Their number is limited by the
/// worker, their size by the broker alone (<c>max_message_size</c>).
/// </summary>
public sealed partial class PrefetchedMessages(Queues queues, ILogger<PrefetchedMessages> logger)
{
    /// <summary>The limit of RabbitMQ 4 by itself. More is not tried: it would cost every start the time to send it.</summary>
    private const long OrdinaryLimit = 16 * 1024 * 1024;

    private bool _isKnown;

    /// <summary>Warns if a message that is too large for this process is taken. Looks once.</summary>
    public async Task CheckAsync(IConnection connection, CancellationToken ct)
    {
        if (_isKnown)
            return;
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var count = queues.All.Sum(queues.PrefetchOf);
        var fits = memory / 2 / count;
        if (fits < OrdinaryLimit && await IsTakenAsync(connection, fits + 1, ct))
            Log.TooLarge(logger, InMegabytes(fits), count, InMegabytes(memory));
        _isKnown = true;
    }

    /// <summary>
    /// Sends a message to an exchange that does not exist, so that nobody gets it. RabbitMQ looks at the size first.
    /// </summary>
    private async Task<bool> IsTakenAsync(IConnection connection, long size, CancellationToken ct)
    {
        await using var channel = await connection.CreateChannelAsync(
            new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true),
            ct
        );
        try
        {
            await channel.BasicPublishAsync($"{queues.GenerateImages}_size", "", new byte[size], ct);
        }
        catch (Exception exception) when (exception is RabbitMQClientException or PublishException)
        {
            // The channel's end says why.
        }
        return channel.CloseReason?.ReplyCode is Constants.NotFound or Constants.AccessRefused;
    }

    private static string InMegabytes(long bytes) => (bytes / 1048576d).ToString("0.#", CultureInfo.InvariantCulture);

    private static partial class Log
    {
        [LoggerMessage(
            1,
            LogLevel.Warning,
            "RabbitMQ takes messages of more than {Fits} MiB. {Count} of them, which it may deliver ahead of time, do not fit into half of {Memory} MiB. Set max_message_size in RabbitMQ, as deploy/rabbitmq does"
        )]
        public static partial void TooLarge(ILogger logger, string fits, int count, string memory);
    }
}
