using System.ComponentModel.DataAnnotations;
using ImageWorker.ZpkSimulator;
using ImageWorker.ZpkSimulator.Generation;

namespace ImageWorker.Tests.ZpkSimulator;

public sealed class SimulatorOptionsTests
{
    public static TheoryData<string, Action<SimulatorOptions>> Wrong =>
        new()
        {
            { "Address", options => options.Address = "localhost" },
            { "Port", options => options.Port = 65536 },
            { "PublicAddress", options => options.PublicAddress = new Uri("ftp://127.0.0.1") },
            { "PublicAddress", options => options.PublicAddress = new Uri("/images", UriKind.Relative) },
            { "TimeScale", options => options.TimeScale = -1 },
            { "WaitTimeError", options => options.WaitTimeError = 0.5 },
            { "GeneralErrorRate", options => options.GeneralErrorRate = 2 },
            { "CallbackDelay", options => options.CallbackDelay = TimeSpan.FromSeconds(-1) },
            { "CallbackLossRate", options => options.CallbackLossRate = -0.1 },
        };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task A_wrong_value_stops_the_start_and_is_named(string name, Action<SimulatorOptions> spoil)
    {
        var failure = await Assert.ThrowsAsync<ValidationException>(() => Simulator.StartAsync(spoil));

        Assert.Contains(name, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_fault_stops_the_start()
    {
        await Assert.ThrowsAsync<FormatException>(() => Simulator.StartAsync(options => options.Faults.Add("explode")));
    }

    [Fact]
    public async Task A_wrong_limit_stops_the_start()
    {
        await Assert.ThrowsAsync<FormatException>(() => Simulator.StartAsync(options => options.Limits.Add("50/s")));
    }

    [Fact]
    public async Task A_port_in_use_stops_the_start()
    {
        await using var simulator = await Simulator.StartAsync();

        await Assert.ThrowsAsync<IOException>(() =>
            Simulator.StartAsync(options => options.Port = simulator.Server.BaseAddress.Port)
        );
    }

    [Theory]
    [InlineData("fixed 2")]
    [InlineData("uniform 5 60")]
    [InlineData("lognormal 30 0.4")]
    public void A_generation_time_is_read_as_it_is_written(string text)
    {
        Assert.Equal(text, GenerationTime.Parse(text).ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("fixed")]
    [InlineData("fixed soon")]
    [InlineData("uniform 5")]
    [InlineData("normal 30")]
    public void A_generation_time_that_cannot_be_read_is_an_error(string text)
    {
        Assert.Throws<FormatException>(() => GenerationTime.Parse(text));
    }

    [Fact]
    public async Task A_stopped_server_frees_its_port_though_a_call_is_held_open()
    {
        int port;
        Task<Reply> held;
        await using (var simulator = await Simulator.StartAsync())
        {
            port = simulator.Server.BaseAddress.Port;
            held = simulator.GenerateAsync("a cat", id: "one", more: "\"connection_type\":\"hold\"");
            await Eventually.TrueAsync(() => simulator.Server.ReadLedger().Submissions.Count == 1);
        }

        await using var next = await Simulator.StartAsync(options => options.Port = port);

        await Assert.ThrowsAnyAsync<Exception>(() => held);
        Assert.Equal(port, next.Server.BaseAddress.Port);
    }
}
