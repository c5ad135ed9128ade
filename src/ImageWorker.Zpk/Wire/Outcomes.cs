namespace ImageWorker.Zpk.Wire;

/// <summary>What a reply means. Where the API leaves it open, the reading that can never pay twice.</summary>
internal static class Outcomes
{
    public static GenerateOutcome OfGenerate(Reply reply) =>
        reply switch
        {
            Reply.NotSent notSent => new GenerateOutcome.Busy(notSent.Reason, notSent.RetryAfter),
            Reply.Answered answered => OfGenerate(answered),
            _ => new GenerateOutcome.Unknown(reply.ToString()),
        };

    public static CheckOutcome OfCheck(Reply reply) =>
        reply switch
        {
            Reply.NotSent notSent => new CheckOutcome.Unavailable(notSent.Reason, notSent.RetryAfter),
            Reply.Answered answered => OfCheck(answered),
            _ => new CheckOutcome.Unavailable(reply.ToString(), null),
        };

    private static GenerateOutcome OfGenerate(Reply.Answered reply)
    {
        if (reply.Status == 429)
            return new GenerateOutcome.Busy(reply.ToString(), reply.RetryAfter);
        if (Refusal(reply) is { } errors)
            return new GenerateOutcome.Refused(errors);
        if (!reply.IsSuccess || reply.Body is not { } body)
            return new GenerateOutcome.Unknown(reply.ToString());
        if (body.Success == false)
            return new GenerateOutcome.Unknown("success is false, but there are no errors");
        return body.Answer.Images.Count == 0
            ? new GenerateOutcome.Unknown("the answer has no images")
            : new GenerateOutcome.Accepted(body.Answer);
    }

    private static CheckOutcome OfCheck(Reply.Answered reply)
    {
        if (reply.Status is 429 or >= 500)
            return new CheckOutcome.Unavailable(reply.ToString(), reply.RetryAfter);
        if (Refusal(reply) is { } errors)
            return IsAboutTheId(errors, reply.Status) ? new CheckOutcome.NotFound() : new CheckOutcome.Refused(errors);
        if (reply.Status == 404)
            return new CheckOutcome.NotFound();
        if (!reply.IsSuccess || reply.Body is not { } body)
            return new CheckOutcome.Unavailable(reply.ToString(), reply.RetryAfter);
        if (body.Answer.Images.Count > 0)
            return new CheckOutcome.Found(body.Answer);
        return body.Success == false
            ? new CheckOutcome.NotFound()
            : new CheckOutcome.Unavailable("the answer has no images", null);
    }

    // A 5xx can come from a gateway, with or without a list: only a 2xx or 4xx is the API's own refusal.
    private static IReadOnlyList<ZpkError>? Refusal(Reply.Answered reply) =>
        reply.Body is { Errors.Count: > 0 } body && (reply.IsSuccess || reply.Status is >= 400 and < 500)
            ? body.Errors
            : null;

    // "Not found" leads to a new payment, so every error must say it, and none may be about who asks.
    private static bool IsAboutTheId(IReadOnlyList<ZpkError> errors, int status) =>
        !errors.AreAboutCredentials() && (status == 404 || errors.All(error => error.On == "unique_request_id"));
}
