using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using ImageWorker.ZpkSimulator.Faults;
using ImageWorker.ZpkSimulator.Limits;

namespace ImageWorker.ZpkSimulator.Api;

/// <summary>
/// <c>/_faults</c> and <c>/_limits</c>: PUT takes a JSON array of texts and replaces those in force, DELETE lifts them
/// all, and every method answers what is then in force.
/// </summary>
internal sealed class InForceEndpoint<TState>(
    Action<IEnumerable<string>> replace,
    Func<IReadOnlyList<TState>> read,
    JsonTypeInfo<IReadOnlyList<TState>> form
)
{
    public async Task HandleAsync(HttpContext context)
    {
        try
        {
            if (HttpMethods.IsPut(context.Request.Method))
                replace(await ReadTextsAsync(context.Request));
            else if (HttpMethods.IsDelete(context.Request.Method))
                replace([]);
        }
        catch (Exception exception) when (exception is FormatException or JsonException)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            await context.Response.WriteAsync(exception.Message + "\n");
            return;
        }

        context.Response.ContentType = Answer.ContentType;
        await JsonSerializer.SerializeAsync(context.Response.Body, read(), form);
    }

    private static async Task<IEnumerable<string>> ReadTextsAsync(HttpRequest request)
    {
        var texts = await JsonSerializer.DeserializeAsync(request.Body, InForceJson.Default.StringArray);
        return (texts ?? []).Select(text => text ?? "");
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(IReadOnlyList<FaultState>))]
[JsonSerializable(typeof(IReadOnlyList<LimitState>))]
[JsonSerializable(typeof(string?[]))]
internal sealed partial class InForceJson : JsonSerializerContext;
