using System.Text.Json;
using ImageWorker.Delivery;
using MassTransit.Serialization.JsonConverters;

namespace ImageWorker.Tests.Delivery;

public sealed class JsonNumbersTests
{
    [Fact]
    public void Options_already_in_use_are_replaced_not_changed()
    {
        var used = new JsonSerializerOptions { Converters = { new StringDecimalJsonConverter() } };
        Assert.Equal("\"1.50\"", JsonSerializer.Serialize(1.50m, used));

        var changed = MessagingRegistration.WithJsonNumbers(used);

        Assert.Equal("1.50", JsonSerializer.Serialize(1.50m, changed));
        Assert.Same(changed, MessagingRegistration.WithJsonNumbers(changed));
    }
}
