using ImageWorker.Contracts;

namespace ImageWorker.IntegrationTests.Storage.Earlier;

/// <summary>
/// The requests in the databases of an earlier version, one for each way to stand still. Their ids begin with the
/// version: 20261125-0000-4000-8000-000000000001 is the first of 2026-11-25.
/// </summary>
internal sealed class EarlierRequests(string version)
{
    /// <summary>Submitting: the process died between the ledger's commit and the paid call.</summary>
    public GenerateImages DiedBeforeCall => Command(1);

    /// <summary>Submitting: the process died between the paid call and the commit of its answer.</summary>
    public GenerateImages DiedAfterCall => Command(2);

    /// <summary>Submitting: ZPK was too busy, so the ledger has the call as released.</summary>
    public GenerateImages Busy => Command(3);

    /// <summary>Generating: accepted, its images not yet done.</summary>
    public GenerateImages Generating => Command(4, "[seconds 40]", count: 2);

    /// <summary>Generating: image 0 is done, image 1 failed and waits for its resend.</summary>
    public GenerateImages WaitingToResend => Command(5, "[seconds 0.3] [general-error 1]", count: 2);

    /// <summary>Closing: cancelled while the answer to its paid call was lost.</summary>
    public GenerateImages Cancelled => Command(6);

    /// <summary>Closing: past its deadline, and the last check was under way.</summary>
    public GenerateImages PastDeadline => Command(7, "[seconds 20]", timeoutSeconds: 1);

    /// <summary>Closed with images.</summary>
    public GenerateImages Ready => Command(8);

    /// <summary>Closed without: the simulator refuses a marker that makes no sense.</summary>
    public GenerateImages Refused => Command(9, "[seconds never]");

    /// <summary>Closed with an image, but none of its two events was delivered.</summary>
    public GenerateImages Undelivered => Command(10);

    /// <summary>Withdrawn: its cancellation came, the command has not.</summary>
    public GenerateImages Withdrawn => Command(11);

    /// <summary>Closed and past its retention: nothing but its id is left.</summary>
    public GenerateImages Removed => Command(12);

    /// <summary>Embedded only: accepted into the file, and no worker has read it.</summary>
    public GenerateImages Unread => Command(13);

    /// <summary>
    /// How the open ones are to close: with all their images, which are done by now, and after each was submitted as
    /// often as this. One that is cancelled says so whatever it has.
    /// </summary>
    public IReadOnlyList<(GenerateImages Command, FailureReason? Reason, int[] Attempts, decimal Cost)> Closings =>
        [
            (DiedBeforeCall, null, [1], 0.038m),
            (DiedAfterCall, null, [1], 0.038m),
            (Busy, null, [1], 0.038m),
            (Generating, null, [1, 1], 0.076m),
            (WaitingToResend, null, [1, 2], 0.114m),
            (Cancelled, FailureReason.Cancelled, [1], 0.038m),
            (PastDeadline, null, [1], 0.038m),
        ];

    /// <summary>The generate calls still to be made for them: of DiedBeforeCall and Busy, and the resend.</summary>
    public const int CallsOwed = 3;

    /// <summary>As <c>ImageWorker send</c> makes it, so that the same can be sent again both ways.</summary>
    private GenerateImages Command(
        int number,
        string markers = "[seconds 0.3]",
        int count = 1,
        int timeoutSeconds = 1800
    )
    {
        var id = new Guid($"{version.Replace("-", "", StringComparison.Ordinal)}-0000-4000-8000-{number:d12}");
        return new()
        {
            RequestId = id,
            Prompt = $"a red fox {markers} [tag {id:n}]",
            Count = count,
            TimeoutSeconds = timeoutSeconds,
            Progress = true,
            Metadata = new Dictionary<string, string>(StringComparer.Ordinal) { ["number"] = $"{number}" },
        };
    }
}
