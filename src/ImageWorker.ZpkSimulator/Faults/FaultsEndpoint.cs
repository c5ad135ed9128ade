using System.Text.Json;
using System.Text.Json.Serialization;
using ImageWorker.ZpkSimulator.Api;

namespace ImageWorker.ZpkSimulator.Faults;

/// <summary>
/// <c>/_faults</c>: PUT takes a JSON array of fault texts and replaces those in force, DELETE lifts them all, and every
/// method answers what is then in force.
/// </summary>
internal sealed class FaultsEndpoint(FaultBoard faults)
{
    public async Task HandleAsync(HttpContext context)
    {
        try
        {
            if (HttpMethods.IsPut(context.Request.Method))
                faults.Replace(await ReadTextsAsync(context.Request));
            else if (HttpMethods.IsDelete(context.Request.Method))
                faults.Replace([]);
        }
        catch (Exception exception) when (exception is FormatException or JsonException)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            await context.Response.WriteAsync(exception.Message + "\n");
            return;
        }

        context.Response.ContentType = Answer.ContentType;
        await JsonSerializer.SerializeAsync(
            context.Response.Body,
            faults.States,
            FaultsJson.Default.IReadOnlyListFaultState
        );
    }

    private static async Task<IEnumerable<string>> ReadTextsAsync(HttpRequest request)
    {
        var texts = await JsonSerializer.DeserializeAsync(request.Body, FaultsJson.Default.StringArray);
        return (texts ?? []).Select(text => text ?? "");
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(IReadOnlyList<FaultState>))]
[JsonSerializable(typeof(string?[]))]
internal sealed partial class FaultsJson : JsonSerializerContext;
