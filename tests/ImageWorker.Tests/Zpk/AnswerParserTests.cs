using System.Text;
using FsCheck.Xunit;
using ImageWorker.Zpk;
using ImageWorker.Zpk.Wire;

namespace ImageWorker.Tests.Zpk;

public sealed class AnswerParserTests
{
    [Fact]
    public void The_page_example_of_a_submission_is_read_with_its_wait_time_in_a_string()
    {
        var answer = Parse(Answers.Submitted);

        Assert.True(answer.Success);
        Assert.Empty(answer.Errors);
        Assert.Equal("ZPK983ujdsifoj38497", answer.Answer.UniqueRequestId);
        Assert.Equal(0.003m, answer.Answer.Cost);
        Assert.Equal([0, 1], answer.Answer.Images.Select(image => image.Num));
        Assert.All(answer.Answer.Images, image => Assert.Equal(GenerationStatus.Pending, image.Status));
        Assert.All(answer.Answer.Images, image => Assert.Equal(TimeSpan.FromSeconds(27), image.WaitTime));
        Assert.False(answer.Answer.IsSettled);
    }

    [Fact]
    public void The_page_example_of_a_refusal_is_read_whole()
    {
        var answer = Parse(Answers.Refused);

        Assert.False(answer.Success);
        Assert.Equal([new ZpkError("INVALID_PARAMETER", "promt has not been set", "prompt")], answer.Errors);
    }

    [Fact]
    public void A_check_is_read_with_url_error_and_cost_an_image()
    {
        var answer = Parse(Answers.Checked).Answer;

        Assert.Null(answer.UniqueRequestId);
        Assert.Null(answer.Cost);
        Assert.True(answer.IsSettled);
        Assert.Equal(GenerationStatus.Generated, answer.Images[0].Status);
        Assert.Equal("https://zpk.systems/i/1.png", answer.Images[0].ImageUrl);
        Assert.Equal(0.0380m, answer.Images[0].Cost);
        Assert.Equal(GenerationStatus.Error, answer.Images[1].Status);
        Assert.Equal("GENERAL_ERROR", answer.Images[1].ErrorId);
        Assert.Equal(0m, answer.Images[1].Cost);
    }

    [Theory]
    [InlineData("27", 27)]
    [InlineData("\"27\"", 27)]
    [InlineData("1.5", 1.5)]
    [InlineData("\" 3 \"", 3)]
    [InlineData("-4", 0)]
    [InlineData("1e400", 86400)]
    [InlineData("99999999999999999999999999", 86400)]
    public void A_wait_time_is_seconds_within_a_day(string json, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Image($$"""{"wait_time":{{json}}}""").WaitTime);

    [Theory]
    [InlineData("""{"wait_time":null}""")]
    [InlineData("""{"wait_time":""}""")]
    [InlineData("""{"wait_time":"soon"}""")]
    [InlineData("""{"wait_time":"NaN"}""")]
    [InlineData("""{"wait_time":[1]}""")]
    [InlineData("{}")]
    public void A_wait_time_that_cannot_be_read_is_none(string image) => Assert.Null(Image(image).WaitTime);

    [Theory]
    [InlineData("0.0380", "0.0380")]
    [InlineData("\"0.0380\"", "0.0380")]
    [InlineData("0", "0")]
    [InlineData("0.114000000000000001", "0.114000000000000001")]
    [InlineData("1000000", "1000000")]
    [InlineData("999999.999999999999999999", "999999.999999999999999999")]
    [InlineData("3.80e-2", "0.0380")]
    public void A_cost_keeps_every_digit(string json, string cost)
    {
        Assert.Equal(cost, Image($$"""{"cost":{{json}}}""").Cost.ToString());
        Assert.Equal(cost, Parse($$"""{"cost":{{json}}}""").Answer.Cost.ToString());
    }

    [Theory]
    [InlineData("null")]
    [InlineData("true")]
    [InlineData("\"\"")]
    [InlineData("\"0,0380\"")]
    [InlineData("\"free\"")]
    [InlineData("-0.01")]
    [InlineData("1e99")]
    [InlineData("1e-99")]
    [InlineData("1e-99999999999")]
    [InlineData("0.1234567890123456789012345678901")]
    [InlineData("0.1140000000000000001")]
    [InlineData("1000000.01")]
    [InlineData("1e27")]
    [InlineData("1e28")]
    [InlineData("7e28")]
    [InlineData("{\"eur\":1}")]
    public void A_cost_out_of_bounds_or_that_cannot_be_kept_exactly_is_unknown(string json) =>
        Assert.Null(Image($$"""{"cost":{{json}}}""").Cost);

    [Property]
    public bool A_cost_survives_to_the_digit_as_number_and_as_string(uint units, byte scale)
    {
        var cost = new decimal((int)(units >> 1), 0, 0, isNegative: false, (byte)(scale % 19));
        var image = Image($$"""{"cost":{{cost}}}""");
        var request = Parse($$"""{"cost":"{{cost}}"}""").Answer;

        return image.Cost.ToString() == cost.ToString() && request.Cost.ToString() == cost.ToString();
    }

    [Fact]
    public void The_largest_and_the_finest_costs_of_twenty_images_sum_exactly()
    {
        var pairs = Enumerable.Repeat("""{"cost":1000000},{"cost":0.000000000000000001}""", 10);

        var images = Parse($$"""{"images":[{{string.Join(',', pairs)}}]}""").Answer.Images;

        Assert.Equal("10000000.000000000000000010", images.Sum(image => image.Cost).ToString());
    }

    [Theory]
    [InlineData("generated", GenerationStatus.Generated)]
    [InlineData("Pending", GenerationStatus.Pending)]
    [InlineData("upscaling", GenerationStatus.Unknown)]
    [InlineData("", GenerationStatus.Unknown)]
    public void A_status_of_the_future_is_unknown_and_kept_as_it_came(string word, GenerationStatus status)
    {
        var image = Image($$"""{"generation_status":"{{word}}"}""");

        Assert.Equal(status, image.Status);
        Assert.Equal(word, image.RawStatus);
    }

    [Fact]
    public void An_unknown_error_id_and_unknown_fields_pass_through()
    {
        var image = Image("""{"error_id":"COSMIC_RAY","seed":7,"nested":{"a":[1]}}""");

        Assert.Equal("COSMIC_RAY", image.ErrorId);
    }

    [Fact]
    public void The_first_of_a_number_counts()
    {
        var images = Parse(
            """{"images":[{"num":0,"error_id":"first"},{"num":"0","error_id":"second"},{"num":1,"num":2}]}"""
        ).Answer.Images;

        Assert.Equal([(0, "first"), (1, null)], images.Select(image => (image.Num, image.ErrorId)));
    }

    [Fact]
    public void Image_numbers_may_be_strings_missing_or_out_of_range()
    {
        var images = Parse(
            """{"images":[{"num":"3"},{},{"num":3},{"num":-2},{"num":99999999999},{"num":"x"},{"num":1.0}]}"""
        ).Answer.Images;

        Assert.Equal([3, 1, -2, -1, -1], images.Select(image => image.Num));
    }

    [Theory]
    [InlineData("""{"images":null}""", 0)]
    [InlineData("""{"images":"none"}""", 0)]
    [InlineData("""{"images":[null,1,"x",{}]}""", 1)]
    [InlineData("""{"images":{"1":{"num":1},"3":{"num":3}}}""", 2)]
    public void Images_of_another_shape_do_not_break_the_answer(string json, int count) =>
        Assert.Equal(count, Parse(json).Answer.Images.Count);

    [Fact]
    public void An_errors_entry_of_another_shape_is_still_an_error()
    {
        var errors = Parse("""{"success":true,"errors":["bad",7,null,{"id":5,"on":null}]}""").Errors;

        Assert.Equal(["", "", "", "5"], errors.Select(error => error.Id), StringComparer.Ordinal);
        Assert.Equal(["bad", "7", "", ""], errors.Select(error => error.Message), StringComparer.Ordinal);
    }

    [Theory]
    [InlineData("""{"1":{"id":"A","message":"m","on":"p"},"3":{"id":"B"}}""", "A:m:p B::")]
    [InlineData("""{"id":"A","message":"m","on":"p"}""", "A:m:p")]
    [InlineData("""{"message":"m"}""", ":m:")]
    [InlineData("""{"prompt":"not set"}""", ":not set:")]
    [InlineData("\"no such key\"", ":no such key:")]
    [InlineData("true", ":true:")]
    [InlineData("17", ":17:")]
    public void Errors_of_another_shape_are_still_errors(string json, string expected)
    {
        var errors = Parse($$"""{"success":false,"errors":{{json}}}""").Errors;

        Assert.Equal(expected, string.Join(' ', errors.Select(error => $"{error.Id}:{error.Message}:{error.On}")));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("false")]
    [InlineData("0")]
    [InlineData("\"\"")]
    public void Errors_that_say_nothing_are_none(string json) =>
        Assert.Empty(Parse($$"""{"success":true,"errors":{{json}}}""").Errors);

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"success\":tru")]
    [InlineData("<html>")]
    public void Anything_but_a_json_object_is_no_answer(string body) =>
        Assert.Null(Answers.Read(Encoding.UTF8.GetBytes(body)));

    [Fact]
    public void A_byte_order_mark_is_skipped() =>
        Assert.True(Answers.Read((byte[])[0xEF, 0xBB, 0xBF, .. "{\"success\":true}"u8])?.Success);

    [Property]
    public void Arbitrary_bytes_never_throw(byte[] bytes) => Assert.Null(Record.Exception(() => Answers.Read(bytes)));

    [Property(Arbitrary = [typeof(LooseAnswers)], MaxTest = 500)]
    public void Arbitrary_json_never_throws_and_stays_within_bounds(AnswerJson json)
    {
        var answer = Answers.Read(Encoding.UTF8.GetBytes(json.Text))?.Answer;

        Assert.All(
            answer?.Images ?? [],
            image =>
            {
                Assert.True(image.WaitTime is null || image.WaitTime.Value.TotalDays is >= 0 and <= 1);
                Assert.True(image.Cost is null or >= 0);
            }
        );
    }

    private static ApiAnswer Parse(string json) => Answers.Read(json);

    private static ZpkImage Image(string json) => Answers.ReadImage(json);
}
