using ImageWorker.ZpkSimulator.Callbacks;

namespace ImageWorker.ZpkSimulator.Ledger;

/// <summary>What the server was asked, what it charged for, and how well its clients kept to its wait times.</summary>
/// <param name="Totals">Over all submissions, or those of the tag asked for.</param>
/// <param name="Server">What is counted for the server as a whole.</param>
/// <param name="Tags">The same totals by prompt tag; submissions without one are under the empty name.</param>
/// <param name="Submissions">One entry a <c>unique_request_id</c>, oldest first; empty in the summary.</param>
public sealed record LedgerReport(
    LedgerTotals Totals,
    ServerCounts Server,
    IReadOnlyDictionary<string, LedgerTotals> Tags,
    IReadOnlyList<LedgerEntry> Submissions
);

/// <summary>Sums over submissions.</summary>
/// <param name="Submissions">Accepted generate calls, repeats of an id included.</param>
/// <param name="ImagesAsked">Images of submissions that are neither a repeat of an id nor a resend.</param>
/// <param name="Resends">Submissions of one image that stand for one that ended as GENERAL_ERROR.</param>
/// <param name="ImagesPaid">Images of all accepted calls. Nothing was paid twice if it equals asked plus resends.</param>
/// <param name="Charged">EUR.</param>
/// <param name="RepeatedIds">Ids accepted more than once.</param>
/// <param name="Checks">Check-status calls that found their submission.</param>
/// <param name="ChecksEarly">Those before the shortest wait last told had passed.</param>
/// <param name="ChecksLate">Those well after it.</param>
/// <param name="ImagesSeen">Images whose end a client has been told.</param>
/// <param name="Lateness">From an image's end to the first answer that told it.</param>
public sealed record LedgerTotals(
    int Submissions,
    int ImagesAsked,
    int Resends,
    int ImagesPaid,
    decimal Charged,
    int RepeatedIds,
    int Checks,
    int ChecksEarly,
    int ChecksLate,
    int ImagesSeen,
    LatenessSummary? Lateness
);

/// <summary>A distribution, in seconds.</summary>
public sealed record LatenessSummary(double Mean, double Median, double P95, double P99, double Max);

/// <summary>Counts of the server as a whole.</summary>
/// <param name="GenerateCalls">All that arrived, whatever became of them.</param>
/// <param name="CheckCalls">All that arrived, whatever became of them.</param>
/// <param name="GenerateLimited">Those of the generate calls that a limit refused.</param>
/// <param name="CheckLimited">Those of the check-status calls that a limit refused.</param>
/// <param name="Refusals">Calls answered with <c>errors</c>, unknown requests and faults aside.</param>
/// <param name="UnknownChecks">Checks of an id not known, or not yet visible.</param>
/// <param name="Callbacks">What became of the callbacks.</param>
/// <param name="OpenConnections">TCP connections open now.</param>
/// <param name="PeakOpenConnections">The most there were at once.</param>
public sealed record ServerCounts(
    long GenerateCalls,
    long CheckCalls,
    long GenerateLimited,
    long CheckLimited,
    long Refusals,
    long UnknownChecks,
    CallbackCounts Callbacks,
    int OpenConnections,
    int PeakOpenConnections
);

/// <summary>One <c>unique_request_id</c>.</summary>
/// <param name="UniqueRequestId">The client's own, or the one that the server made up.</param>
/// <param name="Tag">From the prompt's <c>[tag NAME]</c>.</param>
/// <param name="Prompt">Its first 200 characters.</param>
/// <param name="PromptHash">16 hexadecimal digits over the whole prompt.</param>
/// <param name="Model">The API's word.</param>
/// <param name="Quality">The API's word.</param>
/// <param name="Resolution">The API's word.</param>
/// <param name="UniqueGuard">Whether it was paid for.</param>
/// <param name="Num">Images of the latest accepted call.</param>
/// <param name="Resend">It stands for an image that ended as GENERAL_ERROR.</param>
/// <param name="TimesAccepted">1, or more if the id was repeated and charged again.</param>
/// <param name="ImagesPaid">Repeats included.</param>
/// <param name="Charged">EUR, repeats included.</param>
/// <param name="Checks">Check-status calls that found it.</param>
/// <param name="ChecksEarly">Those before the shortest wait last told had passed.</param>
/// <param name="ChecksLate">Those well after it.</param>
/// <param name="AcceptedAt">Of the latest accepted call.</param>
/// <param name="Images">Those of the latest accepted call.</param>
public sealed record LedgerEntry(
    string UniqueRequestId,
    string? Tag,
    string Prompt,
    string PromptHash,
    string Model,
    string Quality,
    string Resolution,
    bool UniqueGuard,
    int Num,
    bool Resend,
    int TimesAccepted,
    int ImagesPaid,
    decimal Charged,
    int Checks,
    int ChecksEarly,
    int ChecksLate,
    DateTimeOffset AcceptedAt,
    IReadOnlyList<LedgerImage> Images
);

/// <summary>One image of a submission.</summary>
/// <param name="Num">0 for the first.</param>
/// <param name="Status">As check-status would say now.</param>
/// <param name="ErrorId">Set if it ended as an error.</param>
/// <param name="Seconds">From acceptance to its end.</param>
/// <param name="Lateness">Seconds from its end to the first answer that told it; null if none did.</param>
public sealed record LedgerImage(int Num, string Status, string? ErrorId, double Seconds, double? Lateness);
