using System.Globalization;
using ImageWorker.Operations;

namespace ImageWorker.Tests.Operations;

public sealed class ReadableTests
{
    [Theory]
    [InlineData("00:00:00", "0 s")]
    [InlineData("00:00:45", "45 s")]
    [InlineData("00:01:29", "89 s")]
    [InlineData("00:12:00", "12 min")]
    [InlineData("07:00:00", "7 h")]
    [InlineData("3.00:00:00", "3 d")]
    [InlineData("-00:00:00.2", "0 s")]
    [InlineData("-00:02:00", "-2 min")]
    public void A_span_is_told_in_its_largest_unit(string span, string text) =>
        Assert.Equal(text, Readable.Span(TimeSpan.Parse(span, CultureInfo.InvariantCulture)));

    [Fact]
    public void A_cost_keeps_its_digits_and_an_unknown_one_is_called_so() =>
        Assert.Equal(
            ["0.0380", "0.1140", "0.0000", "0.00001", "unknown"],
            [
                Readable.Cost(0.038m),
                Readable.Cost(0.11400m),
                Readable.Cost(0),
                Readable.Cost(0.00001m),
                Readable.Cost(null),
            ]
        );
}
