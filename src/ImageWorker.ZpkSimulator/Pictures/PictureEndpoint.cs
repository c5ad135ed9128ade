using ImageWorker.ZpkSimulator.Generation;
using ImageWorker.ZpkSimulator.Pricing;

namespace ImageWorker.ZpkSimulator.Pictures;

/// <summary><c>GET /images/ID/NUMBER.png</c>: drawn when it is downloaded and not kept.</summary>
internal sealed class PictureEndpoint(SimulatorOptions options, SubmissionStore store)
{
    public async Task HandleAsync(HttpContext context, PathString rest)
    {
        if (Find(rest.Value ?? "") is not var (submission, number))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var (width, height) = PriceTable.Size(submission.PriceClass);
        var prompt = submission.IsPromptCut ? submission.Prompt + Lettering.Cut : submission.Prompt;
        var picture = new Picture(width, height, submission.PromptHash, prompt, number);
        using var png = PngWriter.Write(width, height, picture.Palette, picture.PaintRow);
        context.Response.ContentType = "image/png";
        context.Response.ContentLength = png.Length;
        await png.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    private (Submission Submission, int Number)? Find(string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return
            parts is [var id, [.. var digits, '.', 'p', 'n', 'g']]
            && int.TryParse(digits, out var number)
            && store.Find(id) is { } submission
            && number >= 0
            && number < submission.Num
            && submission.StateOf(number, options.TimeProvider.GetUtcNow()).Generated
            ? (submission, number)
            : null;
    }
}
