using System.Text.Json;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Operations;

public sealed class CostsTests(TestServers servers)
{
    private static readonly string[] Prompts =
    [
        "a red fox",
        "a red fox [general-error 1]",
        "a red fox [general-error 0 always]",
        "a red fox [policy]",
        "a red fox [policy 1]",
    ];

    [Fact]
    public async Task Sums_equal_what_the_events_said_and_what_zpk_charged_to_the_last_digit()
    {
        await using var worker = await WorkerUnderTest.CreateAsync(servers);
        await using var one = await worker.StartAsync();
        await using var other = await worker.StartAsync();
        var commands = Prompts
            .SelectMany(prompt =>
                new[] { ("acme", "hq"), ("shop-7", "standard"), (null, "standard") }.Select(of =>
                    WorkerUnderTest.Command(prompt, count: 2) with
                    {
                        Tenant = of.Item1,
                        Quality = of.Item2,
                    }
                )
            )
            .ToList();

        await Task.WhenAll(commands.Select(command => worker.Commands.SendAsync(command)));
        var closings = new List<ReceivedEvent>();
        foreach (var command in commands)
            closings.Add(await worker.ClosedOnceAsync(command));
        // Said again, and not counted again.
        await worker.Commands.SendAsync(commands[0]);
        await Eventually.HoldsAsync(() => worker.Events.ClosingsOf(commands[0].RequestId).Count > 1);
        await worker.SettledAsync();

        var (_, json) = await one.GetAsync("/api/costs?by=tenant,outcome");
        var rows = JsonDocument.Parse(json).RootElement.GetProperty("rows").EnumerateArray().ToList();
        Assert.Equal(
            closings
                .GroupBy(closing => (Tenant: TenantOf(closing), Outcome: OutcomeOf(closing)))
                .Select(group =>
                    (group.Key.Tenant, group.Key.Outcome, group.Count(), group.Sum(Images), group.Sum(CostOf))
                )
                .Order(),
            rows.Select(row =>
                    (
                        row.GetProperty("tenant").GetString()!,
                        row.GetProperty("outcome").GetString()!,
                        row.GetProperty("requests").GetInt32(),
                        row.GetProperty("images").GetInt32(),
                        row.GetProperty("cost").GetDecimal()
                    )
                )
                .Order()
        );
        Assert.Equal(worker.Zpk.ReadLedger().Totals.Charged, rows.Sum(row => row.GetProperty("cost").GetDecimal()));

        await using var costs = WorkerProgram.Start(["costs", "--by", "quality", "--csv"], worker.Settings);
        Assert.Equal(0, await costs.WaitForExitAsync());
        var (_, csv) = await other.GetAsync("/api/costs?by=quality&format=csv");
        Assert.Equal(csv.TrimEnd().Split('\n'), costs.OutputLines);
        Assert.Equal("quality,requests,images,cost,wasted,unknown", costs.OutputLines[0]);
        Assert.Equal(3, costs.OutputLines.Count);
    }

    private static string TenantOf(ReceivedEvent closing) =>
        closing.Message.TryGetProperty("tenant", out var tenant) ? tenant.GetString() ?? "default" : "default";

    private static string OutcomeOf(ReceivedEvent closing) =>
        closing.Name is nameof(ImagesReady) ? "ready" : closing.Message.GetProperty("reason").GetString()!;

    private static int Images(ReceivedEvent closing) =>
        closing
            .Message.GetProperty("images")
            .EnumerateArray()
            .Count(image => image.GetProperty("status").GetString() == "generated");

    private static decimal CostOf(ReceivedEvent closing) =>
        closing.Message.GetProperty("cost").GetProperty("total").GetDecimal();
}
