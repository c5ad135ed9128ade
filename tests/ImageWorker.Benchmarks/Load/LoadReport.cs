using System.Text.Json;

namespace ImageWorker.Benchmarks.Load;

/// <summary>What a load run took. Times in seconds unless named otherwise.</summary>
public sealed record LoadReport
{
    public required LoadPlan Plan { get; init; }
    public required double WallSeconds { get; init; }
    public required double RequestsPerSecond { get; init; }

    /// <summary>Of a backlog: from the start of the workers until all of it was accepted.</summary>
    public required double? AcceptedAfter { get; init; }
    public required double WorkerCpuSecondsPer1000 { get; init; }
    public required double WorkerPeakMiB { get; init; }
    public required double TransactionsPerRequest { get; init; }
    public required double WalKiBPerRequest { get; init; }
    public required double ScannedRowsPerRequest { get; init; }
    public required double? BrokerMessagesPerRequest { get; init; }
    public required double ChecksPerRequest { get; init; }

    /// <summary>From an image's end to the check that found it.</summary>
    public required double? CheckLatenessP99 { get; init; }
    public required double? OverheadP50Milliseconds { get; init; }
    public required double? OverheadP99Milliseconds { get; init; }

    /// <summary>Null without limits.</summary>
    public required LimitReport? Limits { get; init; }

    /// <summary>Of each outage.</summary>
    public required IReadOnlyList<OutageReport> Outages { get; init; }

    /// <summary>Of each tenant beside the backlog.</summary>
    public required IReadOnlyList<BesideReport> Beside { get; init; }

    /// <summary>Requests of the backlog that were begun a second meanwhile; null with none beside.</summary>
    public required double? BacklogPerSecond { get; init; }
    public required int Lost { get; init; }
    public required int ClosedTwice { get; init; }
    public required long ImagesPaid { get; init; }
    public required long ImagesAsked { get; init; }
    public required long RepeatedIds { get; init; }

    /// <summary>What the workers' logs say of errors in the program.</summary>
    public required IReadOnlyList<string> OwnFaults { get; init; }

    /// <summary>Nothing lost, nothing paid twice, and no error in the program.</summary>
    public bool IsSound =>
        Lost == 0 && ClosedTwice == 0 && RepeatedIds == 0 && ImagesPaid == ImagesAsked && OwnFaults.Count == 0;

    /// <summary>One line of JSON, then a table for people.</summary>
    public void Print()
    {
        Console.WriteLine(JsonSerializer.Serialize(this, JsonSerializerOptions.Web));
        PrintTable(this);
    }

    private static void PrintTable(object report)
    {
        foreach (var property in report.GetType().GetProperties())
        {
            switch (property.GetValue(report))
            {
                case LimitReport limits:
                    PrintTable(limits);
                    break;
                case IEnumerable<BesideReport> tenants:
                    foreach (var tenant in tenants)
                        Console.WriteLine(tenant);
                    break;
                case IEnumerable<OutageReport> outages:
                    foreach (var outage in outages)
                        Console.WriteLine(outage);
                    break;
                case IEnumerable<SpanReport> spans:
                    foreach (var span in spans)
                        Console.WriteLine(span);
                    break;
                case var value:
                    Console.WriteLine($"{property.Name, -26} {Show(value)}");
                    break;
            }
        }
    }

    private static string Show(object? value) =>
        value switch
        {
            null => "unknown",
            double number => number.ToString("0.###"),
            LoadPlan plan => JsonSerializer.Serialize(plan, JsonSerializerOptions.Web),
            _ => value.ToString()!,
        };
}
