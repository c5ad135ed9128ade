using System.Text.Json;
using System.Text.Json.Serialization;
using ImageWorker.Contracts;
using ImageWorker.Requests;

namespace ImageWorker.Storage;

/// <summary>How a request's JSON columns are written and read.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(GenerateImages))]
[JsonSerializable(typeof(List<RequestError>))]
[JsonSerializable(typeof(List<RequestWarning>))]
[JsonSerializable(typeof(List<Asker>))]
[JsonSerializable(typeof(WebhookOutcome))]
[JsonSerializable(typeof(List<RequestImage>))]
[JsonSerializable(typeof(List<ImageSubmission>))]
[JsonSerializable(typeof(HistoryCounts))]
public sealed partial class StoredJson : JsonSerializerContext;
