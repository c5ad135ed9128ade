namespace ImageWorker.Saga;

public sealed partial class RequestSteps
{
    /// <summary>One line for each step that an operator would ask about. Never a prompt.</summary>
    private static partial class Log
    {
        [LoggerMessage(
            1,
            LogLevel.Information,
            "Request {RequestId} accepted: {Count} images of {Model}, deadline {Deadline:u}"
        )]
        public static partial void Accepted(
            ILogger logger,
            Guid requestId,
            int count,
            string model,
            DateTimeOffset deadline
        );

        [LoggerMessage(
            2,
            LogLevel.Information,
            "Request {RequestId} submitted as {UniqueRequestId}: {Count} images, cost {Cost} EUR, next check {NextCheck:u}"
        )]
        public static partial void Submitted(
            ILogger logger,
            Guid requestId,
            string? uniqueRequestId,
            int count,
            decimal? cost,
            DateTimeOffset? nextCheck
        );

        [LoggerMessage(
            3,
            LogLevel.Information,
            "Request {RequestId} checked as {UniqueRequestId}: {Generated} of {Count} images generated"
        )]
        public static partial void Checked(
            ILogger logger,
            Guid requestId,
            string? uniqueRequestId,
            int generated,
            int count
        );

        [LoggerMessage(
            19,
            LogLevel.Information,
            "Request {RequestId} checked as {UniqueRequestId}: {Generated} of {Count} images generated, next check {NextCheck:u}"
        )]
        public static partial void CheckedAndWaits(
            ILogger logger,
            Guid requestId,
            string? uniqueRequestId,
            int generated,
            int count,
            DateTimeOffset nextCheck
        );

        [LoggerMessage(
            4,
            LogLevel.Warning,
            "Request {RequestId} could not be checked as {UniqueRequestId}: {Reason}; again at {NextCheck:u}"
        )]
        public static partial void CheckFailed(
            ILogger logger,
            Guid requestId,
            string? uniqueRequestId,
            string? reason,
            DateTimeOffset? nextCheck
        );

        [LoggerMessage(
            5,
            LogLevel.Information,
            "Request {RequestId} resends image {Number} as {UniqueRequestId}, attempt {Attempt}"
        )]
        public static partial void Resent(
            ILogger logger,
            Guid requestId,
            int number,
            string uniqueRequestId,
            int attempt
        );

        [LoggerMessage(
            6,
            LogLevel.Information,
            "Request {RequestId} closed: {Outcome}, {Generated} of {Count} images, {Cost} EUR, after {Seconds:0.0} s"
        )]
        public static partial void Closed(
            ILogger logger,
            Guid requestId,
            string outcome,
            int generated,
            int count,
            decimal? cost,
            double seconds
        );

        [LoggerMessage(
            7,
            LogLevel.Warning,
            "Request {RequestId}: submission {UniqueRequestId} not settled: {Reason}; again at {Next:u}"
        )]
        public static partial void Deferred(
            ILogger logger,
            Guid requestId,
            string uniqueRequestId,
            string reason,
            DateTimeOffset? next
        );

        [LoggerMessage(8, LogLevel.Warning, "Request {RequestId}: ZPK refused submission {UniqueRequestId}: {Errors}")]
        public static partial void Refused(ILogger logger, Guid requestId, string uniqueRequestId, string errors);

        [LoggerMessage(9, LogLevel.Information, "Request {RequestId} cancelled")]
        public static partial void Cancelled(ILogger logger, Guid requestId);

        [LoggerMessage(10, LogLevel.Warning, "Request {RequestId} passed its deadline")]
        public static partial void DeadlinePassed(ILogger logger, Guid requestId);

        [LoggerMessage(11, LogLevel.Warning, "Command {RequestId} refused: {Faults}")]
        public static partial void RefusedCommand(ILogger logger, Guid requestId, string faults);

        [LoggerMessage(12, LogLevel.Information, "Request {RequestId}: {Event} repeated while {State}, nothing to do")]
        public static partial void Repeated(ILogger logger, Guid requestId, string @event, string state);

        [LoggerMessage(
            13,
            LogLevel.Information,
            "Request {RequestId} cancelled before its command came; it will not be started"
        )]
        public static partial void CancelledEarly(ILogger logger, Guid requestId);

        [LoggerMessage(
            14,
            LogLevel.Warning,
            "Request {RequestId}: submission {SubmissionId} turned out accepted, cost {Cost} EUR, after the request was closed"
        )]
        public static partial void AcceptedLate(ILogger logger, Guid requestId, string submissionId, decimal? cost);

        [LoggerMessage(15, LogLevel.Warning, "Request {RequestId} does not exist (any more); {MessageType} dropped")]
        public static partial void Missing(ILogger logger, Guid? requestId, string? messageType);

        [LoggerMessage(
            16,
            LogLevel.Warning,
            "A CancelImages without a requestId was dropped: it names nothing to cancel"
        )]
        public static partial void NamelessCancel(ILogger logger);

        [LoggerMessage(
            17,
            LogLevel.Debug,
            "Request {RequestId}: tick of version {Tick} is stale, the row is at {Version}"
        )]
        public static partial void Stale(ILogger logger, Guid requestId, int tick, int version);

        [LoggerMessage(
            18,
            LogLevel.Debug,
            "Request {RequestId}: {SubmissionId} waits, every call to ZPK is held back; again at {Next:u}"
        )]
        public static partial void HeldBack(ILogger logger, Guid requestId, string submissionId, DateTimeOffset? next);

        [LoggerMessage(
            23,
            LogLevel.Information,
            "Request {RequestId}: ZPK does not list {SubmissionId} yet, whose call ended in doubt; it is looked up again at {Next:u}"
        )]
        public static partial void NotListed(ILogger logger, Guid requestId, string submissionId, DateTimeOffset? next);

        [LoggerMessage(
            20,
            LogLevel.Information,
            "Request {RequestId} waits for its last answers until {CloseBy:u}: calls to ZPK are held back"
        )]
        public static partial void GraceExtended(ILogger logger, Guid requestId, DateTimeOffset closeBy);

        [LoggerMessage(
            22,
            LogLevel.Information,
            "Request {RequestId}: the lost submission {UniqueRequestId} had arrived, it is adopted and not paid again"
        )]
        public static partial void Adopted(ILogger logger, Guid requestId, string uniqueRequestId);

        [LoggerMessage(
            21,
            LogLevel.Information,
            "Request {RequestId} accepted: {Count} images of {Model}; it waits for its turn"
        )]
        public static partial void Waits(ILogger logger, Guid requestId, int count, string model);
    }
}
