using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Failover;

/// <summary>A database that forgets: its primary dies, and a standby that lacks the last seconds takes its place.</summary>
public sealed class FailoverTests(TestServers servers)
{
    private const int Requests = 300;
    private const int PerSecond = 50;

    private static readonly TimeSpan Behind = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task After_a_failover_that_forgets_two_seconds_nothing_is_lost_and_nothing_is_paid_twice()
    {
        await using var primary = new InstalledPostgres();
        await primary.StartAsync();
        await using var standby = primary.Standby();
        await standby.StartAsync();
        await using var surroundings = await WorkerUnderTest.CreateAsync(servers, postgres: primary.ConnectionString);
        KeyValuePair<string, string?> prefetch = new("Queues__Prefetch", "500");
        await using var one = await surroundings.StartAsync(prefetch);
        await using var other = await surroundings.StartAsync(prefetch);
        var commands = Enumerable.Range(0, Requests).Select(n => WorkerUnderTest.Command($"fox {n}")).ToList();

        var sending = SendAsync(surroundings, commands);
        await Eventually.HoldsAsync(() => Paid(surroundings, commands) > Requests / 4);
        await standby.FreezeReceiverAsync();
        var paidThen = Paid(surroundings, commands);
        await Task.Delay(Behind, TestContext.Current.CancellationToken);
        await primary.KillAsync();
        var forgotten = Paid(surroundings, commands) - paidThen;
        await standby.TakeOverAsync();
        await sending;

        var patience = TimeSpan.FromMinutes(2);
        await Eventually.PassesAsync(
            () =>
            {
                Assert.DoesNotContain(
                    commands,
                    command => surroundings.Events.ClosingsOf(command.RequestId).Count == 0
                );
                return Task.CompletedTask;
            },
            patience
        );
        await surroundings.SettledAsync();
        Assert.True(forgotten > PerSecond, $"Only {forgotten} payments were made while the standby was behind.");
        Assert.All(
            commands,
            command =>
            {
                var totals = surroundings.PaidFor(command).Totals;
                Assert.Equal((1, 1, 0), (totals.Submissions, totals.ImagesPaid, totals.RepeatedIds));
                var closings = surroundings.Events.ClosingsOf(command.RequestId);
                Assert.Single(closings.Select(closing => closing.MessageId).Distinct());
                Assert.Equal(
                    nameof(ImagesReady),
                    Assert.Single(closings.Select(closing => closing.Name).Distinct(StringComparer.Ordinal))
                );
                Assert.Single(
                    closings
                        .Select(closing =>
                            $"{closing.Message.GetProperty("cost")} {closing.Message.GetProperty("images")}"
                        )
                        .Distinct(StringComparer.Ordinal)
                );
            }
        );
        await Task.WhenAll(one.Process.WaitForLineAsync(TellsOfIt), other.Process.WaitForLineAsync(TellsOfIt));
    }

    private static bool TellsOfIt(string line) =>
        line.Contains("The database may have forgotten", StringComparison.Ordinal);

    private static int Paid(WorkerUnderTest surroundings, List<GenerateImages> commands) =>
        commands.Sum(command => (int)surroundings.PaidFor(command).Totals.Submissions);

    private static async Task SendAsync(WorkerUnderTest surroundings, List<GenerateImages> commands)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1d / PerSecond), TimeProvider.System);
        foreach (var command in commands)
        {
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
            await surroundings.Commands.SendAsync(command);
        }
    }
}
