using ImageWorker.ZpkSimulator.Faults;
using ImageWorker.ZpkSimulator.Generation;

namespace ImageWorker.ZpkSimulator.Api;

/// <summary><c>POST /api/images/check-status</c>.</summary>
internal sealed class CheckStatusEndpoint(
    SimulatorOptions options,
    FaultBoard faults,
    SubmissionStore store,
    AnswerWriter writer,
    OriginCache origins,
    CallCounts counts
)
{
    public async Task HandleAsync(HttpContext context)
    {
        var fields = await FieldReader.ReadAsync(context.Request);
        var submission = fields[Field.UniqueRequestId] is { } id ? store.Find(id) : null;
        var strike = faults.Draw(Endpoints.Check, fields, submission?.Tag, submission?.Script?.Markers.Faults);
        if (await Spoiler.StrikeFirstAsync(context, strike, options.TimeProvider))
            return;

        var errors = Validate(fields);
        if (errors.Count > 0)
        {
            counts.Refused();
            await Spoiler.RefuseAsync(context, errors);
            return;
        }

        var now = options.TimeProvider.GetUtcNow();
        if (submission is null || now < submission.VisibleAt || strike.Kind == FaultKind.UnknownRequest)
        {
            counts.CheckedUnknown();
            await AnswerUnknownAsync(context);
            return;
        }

        await AnswerAsync(context, submission, strike, now);
    }

    private List<ApiError> Validate(Fields fields)
    {
        var errors = new List<ApiError>();
        if (fields.Unreadable is { } why)
        {
            errors.Add(ApiError.Body(why));
            return errors;
        }

        CredentialCheck.Run(fields, options.Credentials, errors);
        if (fields[Field.UniqueRequestId] is null)
            errors.Add(ApiError.NotSet(Field.UniqueRequestId));
        return errors;
    }

    private Task AnswerUnknownAsync(HttpContext context)
    {
        switch (options.UnknownRequest)
        {
            case UnknownRequestAnswer.NotFound:
                return Spoiler.PageAsync(context.Response, 404, "Not Found");
            case UnknownRequestAnswer.SuccessFalse:
                var answer = Answer.Begin();
                answer.Json.WriteStartObject();
                answer.Json.WriteBoolean("success"u8, value: false);
                answer.Json.WriteEndObject();
                return answer.SendAsync(context.Response);
            default:
                return Spoiler.RefuseAsync(context, [ApiError.UnknownRequest]);
        }
    }

    private Task AnswerAsync(HttpContext context, Submission submission, Strike strike, DateTimeOffset now)
    {
        var answer = Answer.Begin();
        lock (submission)
        {
            submission.NoteCheck(now, options.EarlyTolerance, options.LateTolerance);
            writer.Write(answer.Json, submission, origins.Of(context.Request), generate: false, now, strike);
            if (!strike.AnswerLost)
                submission.Tell(now);
        }

        return strike.IsInsteadOfAnswer
            ? Spoiler.ReplaceAsync(context, strike)
            : Spoiler.SendAsync(context, answer, strike);
    }
}
