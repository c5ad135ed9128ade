using System.Globalization;
using ImageWorker.Operations;

namespace ImageWorker.Tests.Operations;

public sealed class AgeTextTests
{
    [Theory]
    [InlineData("90s", "00:01:30")]
    [InlineData("15m", "00:15:00")]
    [InlineData("1.5h", "01:30:00")]
    [InlineData("7d", "7.00:00:00")]
    public void A_number_with_its_unit_is_an_age(string text, string age)
    {
        Assert.True(AgeText.TryParse(text, out var parsed));
        Assert.Equal(TimeSpan.Parse(age, CultureInfo.InvariantCulture), parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("d")]
    [InlineData("7")]
    [InlineData("-7d")]
    [InlineData("7w")]
    [InlineData("1e9d")]
    [InlineData("99999d")]
    public void Anything_else_is_none(string text) => Assert.False(AgeText.TryParse(text, out _));
}
