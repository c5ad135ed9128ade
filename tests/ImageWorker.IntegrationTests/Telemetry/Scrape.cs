using System.Globalization;
using System.Net;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Telemetry;

/// <summary>What <c>/metrics</c> said at one time.</summary>
internal sealed class Scrape
{
    private readonly List<(string Name, string Labels, double Value)> _samples = [];

    /// <summary>The names of all series, buckets and sums of histograms included.</summary>
    public IEnumerable<string> Names => _samples.Select(sample => sample.Name).Distinct(StringComparer.Ordinal);

    public static async Task<Scrape> OfAsync(StartedWorker worker)
    {
        var (status, body) = await worker.GetAsync("/metrics");
        Assert.Equal(HttpStatusCode.OK, status);
        var scrape = new Scrape();
        foreach (var line in body.Split('\n').Where(line => line.Length > 0 && line[0] != '#'))
        {
            var name = line[..line.IndexOfAny(['{', ' '])];
            var labels = line.Contains('{', StringComparison.Ordinal)
                ? line[line.IndexOf('{')..(line.LastIndexOf('}') + 1)]
                : "";
            var value = line[(name.Length + labels.Length)..].Trim().Split(' ')[0];
            scrape._samples.Add((name, labels, double.Parse(value, CultureInfo.InvariantCulture)));
        }

        return scrape;
    }

    /// <summary>The one series of that name with all of these labels, such as <c>outcome="ready"</c>.</summary>
    public double Value(string name, params string[] labels) =>
        Assert
            .Single(
                _samples,
                sample =>
                    sample.Name == name && labels.All(label => sample.Labels.Contains(label, StringComparison.Ordinal))
            )
            .Value;
}
