using ImageWorker.Contracts;
using ImageWorker.Requests;
using static ImageWorker.Tests.Saga.Happenings;

namespace ImageWorker.Tests.Saga;

public sealed class TenantTests : IAsyncLifetime
{
    private WorkerUnderTest _worker = null!;

    public async ValueTask InitializeAsync() =>
        _worker = await WorkerUnderTest.StartAsync(
            settings: new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["Tenants:acme:Users"] = "shop,backup",
                ["Tenants:free:AtOnce"] = "4",
                ["Tenants:Shared"] = "true",
            }
        );

    public ValueTask DisposeAsync() => _worker.DisposeAsync();

    [Theory]
    [InlineData(null, "default")]
    [InlineData("free", "free")]
    [InlineData("fresh", "default")]
    public async Task A_request_takes_the_turns_of_its_tenant(string? tenant, string line)
    {
        var started = await _worker.HandleAsync(Command() with { Tenant = tenant, Priority = "low" });

        Assert.Equal((line, RequestPriority.Low), (started.Request!.Tenant, started.Request.Priority));
    }

    [Fact]
    public async Task Every_event_names_the_tenant_of_the_command()
    {
        var request = (
            await _worker.HandleAsync(Command(count: 1) with { Progress = true, Tenant = "fresh" })
        ).Request!;
        request = (await _worker.HandleAsync(request.Accepted(_worker, 0.0380m, Running(0)))).Request!;

        var closed = await _worker.HandleAsync(request.Checked(_worker, Generated(0)));

        Assert.Equal("fresh", Assert.Single(closed.All<ImageGenerated>()).Tenant);
        Assert.Equal("fresh", Assert.Single(closed.All<ImagesReady>()).Tenant);
    }

    [Theory]
    [InlineData("fresh", "fresh")]
    [InlineData("FRESH", null)]
    [InlineData("default", null)]
    public async Task A_refusal_names_a_tenant_that_is_within_the_rules(string tenant, string? named)
    {
        var refused = await _worker.HandleAsync(Command(count: 21) with { Tenant = tenant });

        Assert.Equal(named, refused.Only<ImagesFailed>().Tenant);
    }

    [Theory]
    [InlineData("shop", true)]
    [InlineData("backup", true)]
    [InlineData("Shop", false)]
    [InlineData("guest", false)]
    [InlineData("", false)]
    [InlineData(null, true)]
    public async Task Only_its_users_may_name_a_tenant_and_without_a_broker_everyone(string? user, bool isTaken)
    {
        var asked = Asked(Command() with { Tenant = "acme" }, user);

        var handled = await _worker.HandleAsync(asked);

        Assert.Equal(isTaken ? "SubmitImages" : "ImagesFailed", handled.Says);
        Assert.Equal(isTaken, handled.Request is not null);
    }

    [Theory]
    [InlineData("guest", "'guest' is none of them")]
    [InlineData("", "the message's user-id is missing")]
    public async Task A_tenant_of_others_is_a_fault_and_the_first_request_stays_untouched(string user, string why)
    {
        var command = Command() with { Tenant = "acme" };
        var started = await _worker.HandleAsync(Asked(command, "shop"));

        var refused = await _worker.HandleAsync(Asked(command, user));

        var failed = refused.Only<ImagesFailed>();
        Assert.Equal((FailureReason.InvalidRequest, (string?)null), (failed.Reason, failed.Tenant));
        Assert.Equal(
            [
                new RequestError(
                    "INVALID_PARAMETER",
                    $"tenant is 'acme', which only certain users of the broker may name; {why}",
                    "tenant"
                ),
            ],
            failed.Errors
        );
        Assert.Equivalent(started.Request, refused.Request, strict: true);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("free")]
    [InlineData("fresh")]
    public async Task No_other_command_is_refused_for_its_user(string? tenant)
    {
        var asked = Asked(Command() with { Tenant = tenant }, "guest");

        Assert.NotNull((await _worker.HandleAsync(asked)).Request);
    }

    private static GenerateAsked Asked(GenerateImages command, string? user) =>
        new(command, new(Guid.NewGuid(), "generate-images", new("rabbitmq://localhost/"), User: user));
}
