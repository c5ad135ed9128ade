namespace ImageWorker.Requests;

/// <summary>What an operator may do to a request that waits.</summary>
public static class RequestHurry
{
    /// <summary>
    /// Makes whatever the request waits for due now. What guards payments is not touched: a call in doubt is looked up
    /// sooner, and made again no sooner than it may be.
    /// </summary>
    public static void HurryUp(this ImageRequest request, DateTimeOffset now)
    {
        foreach (var submission in request.Submissions)
        {
            if (submission.NextSubmitAt > now)
                submission.NextSubmitAt = now;
            if (submission.NextCheckAt > now)
                submission.NextCheckAt = now;
        }
        foreach (var image in request.Images.Where(image => image.ResendAt > now))
            image.ResendAt = now;
        request.NextTickAt = now;
        // A tick that is under way knows nothing of this.
        request.Version++;
    }
}
