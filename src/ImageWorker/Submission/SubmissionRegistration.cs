using ImageWorker.Hosting;

namespace ImageWorker.Submission;

public static class SubmissionRegistration
{
    /// <summary>Adds what calls ZPK, and what guards and paces the calls.</summary>
    public static void AddSubmission(this IServiceCollection services)
    {
        services.AddChecked<SubmissionOptions>(SubmissionOptions.Section);
        services.AddSingleton<WorkerIdentity>();
        services.AddSingleton<ZpkGate>();
        services.AddSingleton<CallLimits>();
        services.AddSingleton<SubmissionLedger>();
        services.AddSingleton<PendingCalls>();
        services.AddSingleton<SubmissionPace>();
        services.AddChecked<PaceOptions>(PaceOptions.Section);
        services.AddSingleton<CallPace>();
        services.AddSingleton<Turns>();
        services.AddSingleton<Submitter>();
        services.AddSingleton<Checker>();
    }
}
