using ImageWorker.Hosting;
using ImageWorker.Requests;
using ImageWorker.Saga;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ImageWorker.Tests.Saga;

public sealed class TenantSettingsTests
{
    [Fact]
    public void A_tenant_that_is_named_has_its_own_limits_and_every_other_one_the_default_ones()
    {
        var tenants = Read(
            ("Tenants:acme:PerSecond", "0.5"),
            ("Tenants:a.b-c_1:AtOnce", "3"),
            ("Tenants:Default:PerSecond", "2"),
            ("Tenants:Default:AtOnce", "4")
        );

        Assert.Equal((0.5, null), tenants.LimitsOf("acme"));
        Assert.Equal((null, 3), tenants.LimitsOf("a.b-c_1"));
        Assert.Equal((2, 4), tenants.LimitsOf("any"));
        Assert.Equal((2, 4), tenants.LimitsOf(tenants.LineOf(null)));
        Assert.True(tenants.HasLimits);
    }

    [Fact]
    public void Without_settings_nobody_has_limits_and_every_tenant_its_own_turns()
    {
        var tenants = Read();

        Assert.False(tenants.HasLimits);
        Assert.Equal((null, null), tenants.LimitsOf("any"));
        Assert.Equal("any", tenants.LineOf("any"));
        Assert.Equal(RequestTurns.NoTenant, tenants.LineOf(null));
    }

    [Fact]
    public void Tenants_that_are_not_named_can_share_their_turns()
    {
        var tenants = Read(("Tenants:Shared", "true"), ("Tenants:acme:Users", "shop"));

        Assert.Equal("acme", tenants.LineOf("acme"));
        Assert.Equal(RequestTurns.NoTenant, tenants.LineOf("fresh"));
        Assert.Equal(RequestTurns.NoTenant, tenants.LineOf(null));
        Assert.False(tenants.HasLimits);
    }

    [Fact]
    public void Users_stand_in_one_text_or_in_a_list()
    {
        var tenants = Read(
            ("Tenants:acme:Users", "shop, backup"),
            ("Tenants:other:Users:0", "a,b"),
            ("Tenants:other:Users:1", "c")
        );

        Assert.Equal(["shop", "backup"], tenants.Named["acme"].Users);
        Assert.Equal(["a,b", "c"], tenants.Named["other"].Users);
    }

    [Theory]
    [InlineData("Tenants:ACME:PerSecond", "1", "Tenants:ACME (Tenants__ACME) is no tenant's name: 1 to 64 lower-case")]
    [InlineData("Tenants:a b:PerSecond", "1", "Tenants:a b (Tenants__a b) is no tenant's name")]
    [InlineData("Tenants:acme", "1", "Tenants:acme (Tenants__acme) takes no value, the keys below it do")]
    [InlineData("Tenants:acme:Perday", "1", "Tenants:acme:Perday is no setting. Tenants:acme has Users, Webhook, ")]
    [InlineData("Tenants:acme:PerSecond", "0", "(Tenants__acme__PerSecond) must be 0.001 to 10000, not 0")]
    [InlineData("Tenants:acme:PerSecond", "much", "must be a number such as 0.5, not 'much'")]
    [InlineData("Tenants:acme:AtOnce", "0", "(Tenants__acme__AtOnce) must be 1 to 100000, not 0")]
    [InlineData("Tenants:acme:AtOnce", "1.5", "(Tenants__acme__AtOnce) must be a whole number, not '1.5'")]
    [InlineData("Tenants:acme:Users", "", "Tenants:acme:Users (Tenants__acme__Users) must name users of the broker")]
    [InlineData("Tenants:acme:Users", "shop,,", "(Tenants__acme__Users) must name users of the broker")]
    [InlineData("Tenants:acme:Users:0", "", "(Tenants__acme__Users) must name users of the broker")]
    [InlineData("Tenants:acme:Webhook:Url", "hooks", "(Tenants__acme__Webhook__Url) must be an https address")]
    [InlineData(
        "Tenants:acme:Webhook:Url",
        "http://a.example",
        "(Tenants__acme__Webhook__Url) must be an https address"
    )]
    [InlineData("Tenants:acme:Webhook:Url", "https://u:p@a.example", "(Tenants__acme__Webhook__Url) must be an https")]
    [InlineData(
        "Tenants:acme:Webhook:Url",
        "https://a.example",
        "(Tenants__acme__Webhook__Secret) must be whsec_ and 24"
    )]
    [InlineData("Tenants:acme:Webhook:Secret", "x", "(Tenants__acme__Webhook__Url) must be an https address")]
    [InlineData("Tenants:acme:Webhook:Name", "x", "Tenants:acme:Webhook:Name is no setting")]
    [InlineData("Tenants:Default:AtOnce", "-1", "(Tenants__Default__AtOnce) must be 1 to 100000, not -1")]
    [InlineData("Tenants:Default:Users", "shop", "Tenants:Default:Users is no setting. Tenants:Default has PerSecond")]
    [InlineData("Tenants:Shared", "perhaps", "Tenants:Shared (Tenants__Shared) must be true or false, not 'perhaps'")]
    [InlineData("Tenants:Shared:PerSecond", "1", "Tenants:Shared (Tenants__Shared) must be true or false")]
    public void A_mistake_is_one_line_that_names_the_key(string key, string value, string line)
    {
        var mistake = Assert.Throws<ConfigurationException>(() => Read((key, value)));

        Assert.Contains(line, mistake.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', mistake.Message);
    }

    private static TenantOptions Read(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)))
            .Build();
        using var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(configuration)
            .AddTenants()
            .BuildServiceProvider();
        return services.GetRequiredService<IOptions<TenantOptions>>().Value;
    }
}
