using System.Text.Json;
using ImageWorker.Hosting;
using MassTransit.Serialization.JsonConverters;

namespace ImageWorker.Tests.Hosting;

public sealed class JsonNumbersTests
{
    [Fact]
    public void Options_already_in_use_are_replaced_not_changed()
    {
        var used = new JsonSerializerOptions { Converters = { new StringDecimalJsonConverter() } };
        Assert.Equal("\"1.50\"", JsonSerializer.Serialize(1.50m, used));

        var changed = JsonNumbers.In(used);

        Assert.Equal("1.50", JsonSerializer.Serialize(1.50m, changed));
        Assert.Same(changed, JsonNumbers.In(changed));
    }
}
