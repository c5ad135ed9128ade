using System.Net.Mime;

namespace ImageWorker.Operations;

/// <summary>
/// The documents of <see cref="ContractDocuments"/> for whoever publishes or subscribes. They hold no secret, so they
/// need no key.
/// </summary>
public static class ContractEndpoints
{
    public static void MapContracts(this WebApplication app)
    {
        app.MapGet(
            "/asyncapi.json",
            (ContractDocuments documents) => Results.Text(documents.AsyncApi(), MediaTypeNames.Application.Json)
        );
        app.MapGet(
            "/schemas/{message}.json",
            (string message) =>
                ContractDocuments.Schema(message) is { } schema
                    ? Results.Text(schema, "application/schema+json")
                    : Results.Text(
                        $"There is no message of that name. There are: {string.Join(", ", ContractDocuments.Messages)}.",
                        statusCode: StatusCodes.Status404NotFound
                    )
        );
    }
}
