using System.Text.Json.Serialization;

namespace ImageWorker.ZpkSimulator.Ledger;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(LedgerReport))]
[JsonSerializable(typeof(CallsReport))]
internal sealed partial class LedgerJson : JsonSerializerContext;
