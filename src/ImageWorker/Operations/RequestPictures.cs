using ImageWorker.Storage;
using ImageWorker.Zpk;
using Microsoft.EntityFrameworkCore;

namespace ImageWorker.Operations;

/// <summary>
/// Shows operators the pictures of requests. The worker fetches them, so that a browser asks nobody but the worker. What
/// came is sent only if its first bytes are those of a picture, as that type, and in a sandbox.
/// </summary>
public sealed class RequestPictures(Database database, ZpkImagesClient zpk) : IDisposable
{
    /// <summary>The largest picture that is shown. A few of them are in memory at a time.</summary>
    private const int MaxBytes = 16 * 1024 * 1024;

    private readonly SemaphoreSlim _room = new(3);

    public async Task<IResult> SendAsync(Guid id, int number, HttpContext http, CancellationToken ct)
    {
        var images = await database.InAsync(db =>
            db.Requests.AsNoTracking()
                .Where(request => request.CorrelationId == id)
                .Select(request => request.Images)
                .FirstOrDefaultAsync(ct)
        );
        if (images is null)
            return No(StatusCodes.Status404NotFound, RequestDetails.Unknown(id));
        if (images.Find(image => image.Number == number)?.Url is not { } address)
            return No(StatusCodes.Status404NotFound, $"the request has no picture of an image {number}.");

        await _room.WaitAsync(ct);
        try
        {
            return await FetchAsync(new(address), http, ct);
        }
        finally
        {
            _room.Release();
        }
    }

    public void Dispose() => _room.Dispose();

    private async Task<IResult> FetchAsync(Uri address, HttpContext http, CancellationToken ct)
    {
        using var picture = new BoundedStream();
        DownloadOutcome outcome;
        try
        {
            outcome = await zpk.DownloadAsync(address, picture, ct);
        }
        catch (IOException) when (picture.IsTooLarge)
        {
            outcome = new DownloadOutcome.Refused($"it has more than {MaxBytes} bytes");
        }
        var type = TypeOf(picture.GetBuffer().AsSpan(0, (int)picture.Length));
        switch (outcome)
        {
            case DownloadOutcome.Saved when type is not null:
                var headers = http.Response.Headers;
                headers.ContentSecurityPolicy = "default-src 'none'; sandbox";
                headers["Cross-Origin-Resource-Policy"] = "same-origin";
                // A list of requests shows the same ones again and again.
                headers.CacheControl = "private, max-age=600";
                return Results.Bytes(picture.ToArray(), type);
            case DownloadOutcome.Saved:
                return No(StatusCodes.Status502BadGateway, "what came is no PNG, JPEG, WebP or GIF picture.");
            case DownloadOutcome.Unavailable { Reason: var reason }:
                return No(StatusCodes.Status502BadGateway, $"the picture could not be fetched: {reason}.");
            default:
                return No(
                    StatusCodes.Status502BadGateway,
                    $"the picture will not do: {((DownloadOutcome.Refused)outcome).Reason}."
                );
        }
    }

    private static IResult No(int status, string detail) => Results.Problem(ShownText.Of(detail), statusCode: status);

    /// <summary>The media type by what the bytes begin with; null for anything that is no picture to show.</summary>
    private static string? TypeOf(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith((ReadOnlySpan<byte>)[0x89, .. "PNG\r\n"u8, 0x1A, 0x0A]) ? "image/png"
        : bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) ? "image/jpeg"
        : bytes.StartsWith("GIF87a"u8) || bytes.StartsWith("GIF89a"u8) ? "image/gif"
        : bytes.Length > 12 && bytes.StartsWith("RIFF"u8) && bytes[8..].StartsWith("WEBP"u8) ? "image/webp"
        : null;

    private sealed class BoundedStream : MemoryStream
    {
        public bool IsTooLarge { get; private set; }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            IsTooLarge = Length + buffer.Length > MaxBytes;
            if (IsTooLarge)
                throw new IOException("The picture is too large.");
            Write(buffer.Span);
            return ValueTask.CompletedTask;
        }
    }
}
