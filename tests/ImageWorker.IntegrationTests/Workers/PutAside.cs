using System.Text;
using ImageWorker.IntegrationTests.Servers;
using RabbitMQ.Client;

namespace ImageWorker.IntegrationTests.Workers;

/// <summary>What the worker put aside, and why.</summary>
internal static class PutAside
{
    /// <summary>Takes this many messages out of a queue's error queue, once they are there.</summary>
    public static async Task<IReadOnlyList<BasicGetResult>> TakePutAsideAsync(
        this Publisher commands,
        string queue,
        int count = 1
    )
    {
        var taken = new List<BasicGetResult>();
        await Eventually.HoldsAsync(async () =>
        {
            while (taken.Count < count && await commands.GetAsync($"{queue}_error") is { } message)
            {
                taken.Add(message);
            }

            return taken.Count == count;
        });
        return taken;
    }

    public static string BodyText(this BasicGetResult message) => Encoding.UTF8.GetString(message.Body.Span);

    public static string Reason(this BasicGetResult message) => message.Header("MT-Fault-Message");

    /// <summary>Empty where it has none.</summary>
    public static string Header(this BasicGetResult message, string name) =>
        message.BasicProperties.Headers?.TryGetValue(name, out var value) is true && value is byte[] text
            ? Encoding.UTF8.GetString(text)
            : "";
}
