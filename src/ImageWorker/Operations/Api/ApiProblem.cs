using System.Text.Json;
using System.Text.Json.Serialization;
using ImageWorker.Zpk;

namespace ImageWorker.Operations.Api;

/// <summary>Why the API does not do what it is asked for, by RFC 9457: what is wrong, and what to do.</summary>
internal static class ApiProblem
{
    private const int LongestDetail = 500;

    public static IResult Of(string detail, int status = StatusCodes.Status400BadRequest) =>
        Results.Problem(ShownText.Of(detail, LongestDetail), statusCode: status);
}

/// <summary>How the API's answers are written.</summary>
internal static class ApiJson
{
    /// <summary>Where a value that is not there says nothing.</summary>
    public static readonly JsonSerializerOptions WithoutNulls = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };
}
