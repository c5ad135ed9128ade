using System.Globalization;
using ImageWorker.Engine;
using ImageWorker.Hosting;
using ImageWorker.Operations;
using ImageWorker.Requests;
using ImageWorker.Retention;
using ImageWorker.Storage;
using ImageWorker.Submission;
using ImageWorker.Telemetry;
using ImageWorker.Tests.Deploy;
using ImageWorker.Zpk;

namespace ImageWorker.Tests.Docs;

public sealed class ConfigurationPageTests
{
    private static readonly string Page = DeployFiles.Read("docs/configuration.md");

    public static TheoryData<string, string?> Keys { get; } =
        new([
            .. Of(new ZpkOptions(), ZpkOptions.Section),
            .. Of(new RequestOptions(), RequestOptions.Section),
            .. Of(new SubmissionOptions(), SubmissionOptions.Section),
            .. Of(new NamedTenant(), $"{TenantOptions.Section}__NAME"),
            .. Of(new TenantWebhook(), $"{TenantOptions.Section}__NAME__{nameof(NamedTenant.Webhook)}"),
            .. Of(new WebhookOptions(), WebhookOptions.Section),
            .. Of(new TenantLimits(), $"{TenantOptions.Section}__Default"),
            new TheoryDataRow<string, string?>($"{TenantOptions.Section}__{nameof(TenantOptions.Shared)}", "false"),
            .. Of(new QueueOptions(), QueueOptions.Section),
            .. Of(new ReplyOptions(), ReplyOptions.Section),
            .. Of(new DeliveryOptions(), DeliveryOptions.Section),
            .. Of(new OperationsOptions(), OperationsOptions.Section),
            .. Of(new RetentionOptions(), RetentionOptions.Section),
            .. Of(new TelemetryOptions(), TelemetryOptions.Section),
        ]);

    [Theory]
    [MemberData(nameof(Keys))]
    public void Every_key_is_on_the_page_with_its_default(string key, string? value)
    {
        var row = Page.Split('\n').SingleOrDefault(line => line.StartsWith($"| `{key}` |", StringComparison.Ordinal));

        Assert.NotNull(row);
        Assert.Equal(value is null ? "" : $"`{value}`", row.Split('|')[2].Trim());
    }

    private static IEnumerable<TheoryDataRow<string, string?>> Of(object options, string section) =>
        options
            .GetType()
            .GetProperties()
            .Where(property =>
                property.PropertyType != typeof(ZpkPrices) && property.PropertyType != typeof(TenantWebhook)
            )
            .Select(property => new TheoryDataRow<string, string?>(
                $"{section}__{property.Name}",
                Show(property.GetValue(options))
            ));

    private static string? Show(object? value) =>
        value switch
        {
            null or "" => null,
            bool flag => flag ? "true" : "false",
            Uri address => address.OriginalString,
            IList<string> { Count: 0 } => null,
            IEnumerable<string> words => string.Join(", ", words),
            TimeSpan { Milliseconds: not 0 } time => time.ToString(@"hh\:mm\:ss\.f", CultureInfo.InvariantCulture),
            _ => Convert.ToString(value, CultureInfo.InvariantCulture),
        };
}
