using System.Text;
using System.Text.Json;
using FsCheck.Xunit;
using ImageWorker.Zpk;

namespace ImageWorker.Tests.Zpk;

/// <summary>What a server may write into any text of its answer, and what becomes of it.</summary>
public sealed class HostileTextTests
{
    [Fact]
    public void Texts_are_cut_to_lengths_that_a_row_and_a_log_line_bear()
    {
        var error = ErrorOf(new string('i', 100_000), new string('m', 100_000), new string('o', 100_000));
        var image = Answers.ReadImage(
            $$"""{"error_id":"{{new string('e', 65)}}","generation_status":"{{new string('s', 65)}}"}"""
        );

        Assert.Equal((64, 1000, 64), (error.Id.Length, error.Message.Length, error.On!.Length));
        Assert.Equal((64, 64), (image.ErrorId!.Length, image.RawStatus.Length));
        Assert.EndsWith("m…", error.Message);
    }

    [Fact]
    public void Texts_of_just_the_length_are_whole()
    {
        var error = ErrorOf(new string('i', 64), new string('m', 1000), new string('o', 64));

        Assert.DoesNotContain('…', error.Id + error.Message + error.On);
        Assert.Equal((64, 1000, 64), (error.Id.Length, error.Message.Length, error.On!.Length));
    }

    [Fact]
    public void A_long_message_costs_no_more_memory_than_what_is_kept_of_it()
    {
        var body = Encoding.UTF8.GetBytes($$"""{"errors":[{"message":"{{new string('m', 1_000_000)}}"}]}""");
        Answers.Read(body);

        var before = GC.GetAllocatedBytesForCurrentThread();
        var read = Answers.Read(body);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Single(read!.Errors);
        // The parser's own index of the bytes may be a megabyte; the message as a string would be two.
        Assert.InRange(allocated, 0, 1_500_000);
    }

    [Fact]
    public void Of_very_many_errors_and_images_the_first_are_kept()
    {
        var read = Answers.Read(
            $$"""
            {"errors":[{{Repeat("""{"id":"E","message":"m","on":"unique_request_id"}""", 5000)}}],
            "images":[{{Repeat("{}", 5000)}}]}
            """
        );

        Assert.Equal(100, read.Answer.Images.Count);
        Assert.Equal(21, read.Errors.Count);
        // What was left out could be about anything, so the rest must not pass for "not found".
        Assert.Null(read.Errors[20].On);
    }

    [Theory]
    [InlineData("\\u001b[31mred", "\\u001b[31mred")]
    [InlineData("ring\\u0007", "ring\\u0007")]
    [InlineData("one\\r\\ntwo\\tthree", "one\\u000d\\u000atwo\\u0009three")]
    [InlineData("c1\\u009b", "c1\\u009b")]
    [InlineData("\\u202egnp.exe", "\\u202egnp.exe")]
    [InlineData("\\u2066isolated\\u2069\\u200f", "\\u2066isolated\\u2069\\u200f")]
    [InlineData("line\\u2028end\\u2029", "line\\u2028end\\u2029")]
    [InlineData("no\\u200bthing\\ufeff", "no\\u200bthing\\ufeff")]
    [InlineData("tag\\udb40\\udc41", "tag\\udb40\\udc41")]
    [InlineData("nul\\u0000", "nul\\u0000")]
    [InlineData("half \\ud83d", "half \ufffd")]
    [InlineData("ñandú \\u00f1 \\ud83d\\ude00 \\/ \\\" \\\\", "ñandú ñ 😀 / \" \\")]
    public void What_acts_on_a_reader_or_a_terminal_is_written_out(string json, string shown)
    {
        var error = ErrorOf(json, json, json);
        var image = Answers.ReadImage($$"""{"error_id":"{{json}}","generation_status":"{{json}}"}""");

        Assert.Equal((shown, shown, shown), (error.Id, error.Message, error.On));
        Assert.Equal((shown, shown), (image.ErrorId, image.RawStatus));
    }

    [Property(MaxTest = 500)]
    public void Any_text_becomes_one_that_is_short_and_harmless(string text, byte times)
    {
        var json = JsonSerializer.Serialize(string.Concat(Enumerable.Repeat(text ?? "", times)))[1..^1];

        var error = ErrorOf(json, json, json);

        Assert.InRange(error.Id.Length, 0, 64);
        Assert.InRange(error.Message.Length, 0, 1000);
        Assert.True((error.Id + error.Message + error.On).EnumerateRunes().All(ShownText.IsPlain));
        Assert.DoesNotContain(error.Message, char.IsControl);
    }

    [Theory]
    [InlineData(56)]
    [InlineData(58)]
    [InlineData(62)]
    public void What_is_written_out_is_not_cut_in_two(int before)
    {
        var id = ErrorOf(new string('a', before) + "\\u001b\\u001b", "", "").Id;

        Assert.Matches(@"^a+(\\u001b)*…$", id);
        Assert.InRange(id.Length, before + 1, 64);
    }

    [Fact]
    public void A_text_that_is_no_utf8_spoils_its_own_field_alone()
    {
        // A character a byte: ÿ and À stand for bytes that UTF-8 does not have.
        var body = Encoding.Latin1.GetBytes(
            """
            {"success":true,"unique_request_id":"a1","\ud800x":1,"images":[
            {"num":0,"generation_status":"generated","image_url":"https://zpk.systems/0.png","cost":0.038},
            {"num":1,"generation_status":"generated","image_url":"https://zpk.systems/ÿÀ.png","cost":0.038,"error_id":"\udc00"},
            {"num":2,"generation_status":"ÿ"}],"cost":0.114}
            """
        );

        var answer = Answers.Read(body)!.Answer;

        Assert.Equal(("a1", 0.114m), (answer.UniqueRequestId, answer.Cost));
        Assert.Equal("https://zpk.systems/0.png", answer.Images[0].ImageUrl);
        Assert.Equal(
            [GenerationStatus.Generated, GenerationStatus.Generated, GenerationStatus.Unknown],
            answer.Images.Select(image => image.Status)
        );
        Assert.Equal(
            (null, "image_url has characters that no address has"),
            (answer.Images[1].ImageUrl, answer.Images[1].UrlProblem)
        );
        Assert.Equal(0.038m, answer.Images[1].Cost);
    }

    [Fact]
    public void Errors_that_are_no_utf8_are_errors_all_the_same()
    {
        Assert.Single(Answers.Read("""{"success":false,"errors":"\ud800"}""").Errors);
        Assert.Equal("\ufffd", Answers.Read("""{"errors":[{"id":"\ud800"}]}""").Errors[0].Id);
    }

    [Theory]
    [InlineData("ZPK983ujdsifoj38497")]
    [InlineData("a")]
    [InlineData("a-b_C9")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123")]
    public void An_id_of_zpk_s_own_is_taken(string id)
    {
        var answer = Answers.Read($$"""{"unique_request_id":"{{id}}"}""").Answer;

        Assert.Equal((id, null), (answer.UniqueRequestId, answer.UniqueRequestIdProblem));
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("a b")]
    [InlineData("a\\u001b")]
    [InlineData("ñ")]
    [InlineData("a/b")]
    [InlineData("{a*65}")]
    [InlineData("{a*200000}")]
    [InlineData(ClientUnderTest.ApiKey)]
    [InlineData("x-" + ClientUnderTest.ApplicationId)]
    public void An_id_that_will_not_do_counts_as_absent_and_the_answer_says_why(string id)
    {
        id = id switch
        {
            "{a*65}" => new('a', 65),
            "{a*200000}" => new('a', 200_000),
            _ => id,
        };

        var answer = Answers.Read($$"""{"unique_request_id":"{{id}}","images":[{}]}""").Answer;

        Assert.Null(answer.UniqueRequestId);
        Assert.StartsWith("the unique_request_id of the answer ", answer.UniqueRequestIdProblem);
        Assert.InRange(answer.UniqueRequestIdProblem!.Length, 1, 120);
        Assert.Single(answer.Images);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"unique_request_id":null}""")]
    [InlineData("""{"unique_request_id":""}""")]
    public void An_answer_without_an_id_has_no_problem(string json)
    {
        var answer = Answers.Read(json).Answer;

        Assert.Equal((null, null), (answer.UniqueRequestId, answer.UniqueRequestIdProblem));
    }

    private static ZpkError ErrorOf(string id, string message, string on) =>
        Assert.Single(Answers.Read($$"""{"errors":[{"id":"{{id}}","message":"{{message}}","on":"{{on}}"}]}""").Errors);

    private static string Repeat(string json, int times) => string.Join(',', Enumerable.Repeat(json, times));
}
