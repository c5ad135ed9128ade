using ImageWorker.ZpkSimulator.Callbacks;
using ImageWorker.ZpkSimulator.Faults;
using ImageWorker.ZpkSimulator.Generation;
using ImageWorker.ZpkSimulator.Prompts;

namespace ImageWorker.ZpkSimulator.Api;

/// <summary><c>POST /api/images/generate</c>.</summary>
internal sealed class GenerateEndpoint(
    SimulatorOptions options,
    PromptBook book,
    FaultBoard faults,
    Planner planner,
    SubmissionStore store,
    CallbackSender callbacks,
    AnswerWriter writer,
    OriginCache origins,
    CallCounts counts
)
{
    private readonly Lock _submitting = new();

    public async Task HandleAsync(HttpContext context)
    {
        var fields = await FieldReader.ReadAsync(context.Request);
        var errors = new List<ApiError>();
        var script = FindScript(fields, errors);
        var strike = faults.Draw(Endpoints.Generate, fields, script?.Markers.Tag, script?.Markers.Faults);
        if (await Spoiler.StrikeFirstAsync(context, strike, options.TimeProvider))
            return;

        var parameters = Validate(fields, script, errors);
        if (parameters is null)
        {
            counts.Refused();
            await Spoiler.RefuseAsync(context, errors);
            return;
        }

        var now = options.TimeProvider.GetUtcNow();
        var submission = Submit(parameters, script, origins.Of(context.Request));
        if (submission is null)
        {
            counts.Refused();
            await Spoiler.RefuseAsync(context, [ApiError.RepeatedId]);
            return;
        }

        // What was just accepted has not ended yet, however long this machine takes to say so.
        if (now < submission.AcceptedAt)
            now = submission.AcceptedAt;
        if (parameters.Hold)
        {
            await options.TimeProvider.UntilAsync(submission.LastEnd, context.RequestAborted);
            now = options.TimeProvider.GetUtcNow();
        }

        await AnswerAsync(context, submission, strike, now);
    }

    private PromptScript? FindScript(Fields fields, List<ApiError> errors)
    {
        try
        {
            return fields[Field.Prompt] is { } prompt ? book.Find(prompt) : null;
        }
        catch (FormatException exception)
        {
            errors.Add(ApiError.Parameter(Field.Prompt, exception.Message));
            return null;
        }
    }

    private GenerateParameters? Validate(Fields fields, PromptScript? script, List<ApiError> errors)
    {
        if (fields.Unreadable is { } why)
        {
            errors.Add(ApiError.Body(why));
            return null;
        }

        CredentialCheck.Run(fields, options.Credentials, errors);
        if (GenerateParameters.Validate(fields, errors) is not { } parameters)
            return null;
        if (script?.MisfitOf(parameters.Num) is not { } misfit)
            return parameters;
        errors.Add(ApiError.Parameter(Field.Prompt, misfit));
        return null;
    }

    /// <summary>Null if the id was used before and that is to be refused.</summary>
    private Submission? Submit(GenerateParameters parameters, PromptScript? script, string origin)
    {
        var (tag, promptFaults) = (script?.Markers.Tag, script?.Markers.Faults);
        // One at a time, or two calls under one id could both find it unused.
        lock (_submitting)
        {
            if (parameters.UniqueRequestId is { } id && store.Find(id) is { } earlier)
            {
                switch (faults.DrawRepeatedId(tag, promptFaults) ?? options.RepeatedId)
                {
                    case RepeatedIdAnswer.Refuse:
                        return null;
                    case RepeatedIdAnswer.ReturnSame:
                        return earlier;
                }
            }

            var lateSeconds = faults.DrawLateSeconds(tag, promptFaults);
            var submission = store.Accept(planner.Plan(parameters, script, origin, lateSeconds));
            callbacks.Start(submission);
            return submission;
        }
    }

    private Task AnswerAsync(HttpContext context, Submission submission, Strike strike, DateTimeOffset now)
    {
        if (strike.IsInsteadOfAnswer)
            return Spoiler.ReplaceAsync(context, strike);

        var answer = Answer.Begin();
        lock (submission)
        {
            writer.Write(answer.Json, submission, origins.Of(context.Request), generate: true, now, strike);
            if (!strike.AnswerLost)
                submission.Tell(now);
        }

        return Spoiler.SendAsync(context, answer, strike);
    }
}
