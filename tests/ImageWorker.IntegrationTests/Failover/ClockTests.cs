using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Failover;

/// <summary>Clocks that are wrong, and clocks that are set while everything runs.</summary>
public sealed class ClockTests(TestServers servers)
{
    private const int Requests = 30;

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task A_call_that_is_under_way_is_not_taken_over_when_the_databases_clock_is_set_forward()
    {
        await using var postgres = new InstalledPostgres();
        postgres.SetClock(TimeSpan.Zero);
        await postgres.StartAsync();
        await using var surroundings = await WorkerUnderTest.CreateAsync(servers, postgres: postgres.ConnectionString);
        KeyValuePair<string, string?>[] slow =
        [
            new("Zpk__GenerateTimeout", "00:00:15"),
            new("Requests__ClosingGrace", "00:00:30"),
        ];
        await using var one = await surroundings.StartAsync(slow);
        var command = WorkerUnderTest.Command("a slow fox [latency generate 10]") with
        {
            // A worker that starts after the jump takes the database's time for the time of day.
            TimeoutSeconds = 24 * 60 * 60,
        };

        await surroundings.Commands.SendAsync(command);
        await Eventually.PassesAsync(async () =>
            Assert.Equal(1L, await surroundings.QueryAsync("SELECT count(*) FROM submissions WHERE state = 'Started'"))
        );
        postgres.SetClock(Hour);
        await using var other = await surroundings.StartAsync(slow);

        (await surroundings.ClosedOnceAsync(command)).As<ImagesReady>();
        var totals = surroundings.PaidFor(command).Totals;
        Assert.Equal((1, 1, 0), (totals.Submissions, totals.ImagesPaid, totals.RepeatedIds));
        await one.Process.WaitForLineAsync(line =>
            line.Contains("The database's clock was set", StringComparison.Ordinal)
        );
    }

    [Fact(Explicit = true)]
    public async Task Paced_calls_go_on_when_the_databases_clock_is_set_back()
    {
        await using var postgres = new InstalledPostgres();
        postgres.SetClock(Hour);
        await postgres.StartAsync();
        await using var surroundings = await WorkerUnderTest.CreateAsync(servers, postgres: postgres.ConnectionString);
        await using var worker = await surroundings.StartAsync(
            new("Submission__PerSecond", "20"),
            new("Tenants__shop__PerSecond", "10")
        );
        (await surroundings.CloseAsync(Of("shop"))).As<ImagesReady>();

        postgres.SetClock(TimeSpan.Zero);
        var commands = Enumerable.Range(0, Requests).Select(n => Of(n % 2 == 0 ? "shop" : "studio")).ToList();
        await Task.WhenAll(commands.Select(command => surroundings.Commands.SendAsync(command)));

        await surroundings.AllPaidAndClosedOnceAsync(commands);

        static GenerateImages Of(string tenant) => WorkerUnderTest.Command("a fox") with { Tenant = tenant };
    }

    [Fact(Explicit = true)]
    public async Task Workers_whose_clocks_are_an_hour_ahead_and_an_hour_behind_work_as_one()
    {
        var file = Path.Combine(Path.GetTempPath(), $"imageworker-clock-{Guid.NewGuid():n}");
        FakedTime.Set(file, TimeSpan.Zero);
        await using var surroundings = await WorkerUnderTest.CreateAsync(servers);
        await using var right = await surroundings.StartAsync(Settings(FakedTime.From(file)));
        await using var ahead = await surroundings.StartAsync(Settings(FakedTime.Ahead(Hour)));
        await using var behind = await surroundings.StartAsync(Settings(FakedTime.Ahead(-Hour)));

        var commands = Enumerable
            .Range(0, Requests)
            .Select(n => WorkerUnderTest.Command($"fox {n} [seconds 2]") with { TimeoutSeconds = 60 })
            .ToList();
        await Task.WhenAll(commands.Select(command => surroundings.Commands.SendAsync(command)));
        await Eventually.HoldsAsync(() =>
            commands.Sum(command => surroundings.PaidFor(command).Totals.Submissions) >= Requests / 3
        );
        FakedTime.Set(file, -Hour);
        await behind.Process.KillAsync();
        FakedTime.Set(file, Hour);

        await surroundings.AllPaidAndClosedOnceAsync(commands);
        File.Delete(file);
    }

    private static KeyValuePair<string, string?>[] Settings(IReadOnlyDictionary<string, string> environment) =>
        [.. environment.Select(variable => new KeyValuePair<string, string?>(variable.Key, variable.Value))];
}
