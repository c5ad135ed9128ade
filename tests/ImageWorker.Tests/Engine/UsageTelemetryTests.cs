using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ImageWorker.Tests.Engine;

public sealed class UsageTelemetryTests(WorkerUnderTest worker) : IClassFixture<WorkerUnderTest>
{
    [Fact]
    public void MassTransit_reports_nothing_to_its_makers() =>
        Assert.False(worker.Services.GetRequiredService<IOptions<UsageTelemetryOptions>>().Value.Enabled);
}
