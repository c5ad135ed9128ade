using ImageWorker.Commands;
using ImageWorker.Hosting;
using Microsoft.Extensions.Configuration;

namespace ImageWorker.Tests.Commands;

public sealed class MistypedSettingsTests
{
    [Theory]
    [InlineData("Request:MaxResends", "Request has no effect. Requests__MaxResends is likely meant.")]
    [InlineData("Zkp:ApiKey", "Zkp has no effect. Zpk__ApiKey is likely meant.")]
    [InlineData("Submissions:PerSecond", "Submissions has no effect. Submission__PerSecond is likely meant.")]
    [InlineData(
        "ConectionStrings:RabbitMq",
        "ConectionStrings has no effect. ConnectionStrings__RabbitMq is likely meant."
    )]
    [InlineData("Requests_MaxResends", "Requests_MaxResends has no effect. Requests__MaxResends is likely meant.")]
    [InlineData("Zpk_ApiKey", "Zpk_ApiKey has no effect. Zpk__ApiKey is likely meant.")]
    [InlineData("SECRETS_FOLDER", "SECRETS_FOLDER has no effect. SecretsFolder is likely meant.")]
    [InlineData(
        "ConnectionStrings_Postgres",
        "ConnectionStrings_Postgres has no effect. ConnectionStrings__Postgres is likely meant."
    )]
    [InlineData(
        "ConnectionStrings:PostgreSQL",
        "ConnectionStrings__PostgreSQL has no effect. ConnectionStrings__Postgres is likely meant."
    )]
    [InlineData(
        "ConnectionStrings:Rabbit",
        "ConnectionStrings__Rabbit has no effect. ConnectionStrings__RabbitMq is likely meant."
    )]
    public void A_key_that_looks_like_one_of_ours_is_a_mistake(string key, string said)
    {
        var mistake = Assert.Throws<ConfigurationException>(() => Complete(key));

        Assert.StartsWith(said, mistake.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PATH")]
    [InlineData("HOME")]
    [InlineData("URL")]
    [InlineData("REQUESTS_CA_BUNDLE")]
    [InlineData("OPERATIONS_KEY")]
    [InlineData("Serilog:MinimumLevel")]
    [InlineData("Requests:MaxResends")]
    [InlineData("ConnectionStrings:RabbitMq")]
    [InlineData("ConnectionStrings:Cache")]
    [InlineData("Logging:LogLevel:Default")]
    public void Anything_else_is_passed_over(string key) => Assert.Equal("5", Complete(key)[key]);

    private static ConfigurationManager Complete(string key)
    {
        var configuration = new ConfigurationManager();
        configuration.AddInMemoryCollection([new(key, "5")]);
        HostSettings.Complete(configuration);
        return configuration;
    }
}
