namespace ImageWorker.Zpk.Wire;

/// <summary>What a reply means. Where the API leaves it open, the reading that can never pay twice.</summary>
internal static class Outcomes
{
    public static GenerateOutcome OfGenerate(Reply reply) =>
        reply switch
        {
            Reply.NotSent notSent => new GenerateOutcome.Busy(notSent.Reason, notSent.RetryAfter)
            {
                IsHeldBack = notSent.IsHeldBack,
            },
            Reply.Answered answered => OfGenerate(answered),
            _ => new GenerateOutcome.Unknown(reply.ToString()),
        };

    public static CheckOutcome OfCheck(Reply reply) =>
        reply switch
        {
            Reply.NotSent notSent => new CheckOutcome.Unavailable(notSent.Reason, notSent.RetryAfter)
            {
                IsHeldBack = notSent.IsHeldBack,
            },
            Reply.Answered answered => OfCheck(answered),
            _ => new CheckOutcome.Unavailable(reply.ToString(), null),
        };

    // The API names this status in none of its texts; all that it can mean is that nothing was done for want of money.
    private static readonly ZpkError PaymentRequired = new("PAYMENT_REQUIRED", "HTTP 402", null)
    {
        IsAboutAccount = true,
    };

    private static GenerateOutcome OfGenerate(Reply.Answered reply)
    {
        if (Refusal(reply) is { } errors)
            return new GenerateOutcome.Refused(errors);
        if (reply.Status == 429)
            return new GenerateOutcome.Busy(reply.ToString(), reply.RetryAfter) { IsRateLimited = true };
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
        if (Refusal(reply) is { } errors)
            return IsAboutTheId(errors, reply.Status) ? new CheckOutcome.NotFound() : new CheckOutcome.Refused(errors);
        if (reply.Status is 429 or >= 500)
            return new CheckOutcome.Unavailable(reply.ToString(), reply.RetryAfter)
            {
                IsRateLimited = reply.Status == 429,
            };
        if (reply.Status == 404)
            return reply.Body is null
                ? new CheckOutcome.NotFound { Reason = reply.ToString() }
                : new CheckOutcome.NotFound();
        if (!reply.IsSuccess || reply.Body is not { } body)
            return new CheckOutcome.Unavailable(reply.ToString(), reply.RetryAfter);
        if (body.Answer.Images.Count > 0)
            return new CheckOutcome.Found(body.Answer);
        return body.Success == false
            ? new CheckOutcome.NotFound()
            : new CheckOutcome.Unavailable("the answer has no images", null);
    }

    // A 5xx can come from a gateway, with or without a list: only a 2xx or 4xx is the API's own refusal. A 402 needs no
    // list, and a 429 is one only where its list says that waiting for a moment will not help.
    private static IReadOnlyList<ZpkError>? Refusal(Reply.Answered reply)
    {
        var errors = reply.Body?.Errors ?? [];
        return reply.Status switch
        {
            402 when errors.Count == 0 => [PaymentRequired],
            402 => [.. errors.Select(error => error with { IsAboutAccount = true })],
            429 => errors.AreAboutAccount() ? errors : null,
            _ => errors.Count > 0 && (reply.IsSuccess || reply.Status is >= 400 and < 500) ? errors : null,
        };
    }

    // "Not found" leads to a new payment, so every error must say it, and none may be about who asks.
    private static bool IsAboutTheId(IReadOnlyList<ZpkError> errors, int status) =>
        !errors.AreAboutCredentials()
        && !errors.AreAboutAccount()
        && (status == 404 || errors.All(error => error.On == "unique_request_id"));
}
