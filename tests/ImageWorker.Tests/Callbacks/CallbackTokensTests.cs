using System.Buffers.Text;
using System.Text;
using FsCheck;
using FsCheck.Xunit;
using ImageWorker.Tests.Zpk;
using ImageWorker.Zpk;
using ImageWorker.Zpk.Callbacks;
using Microsoft.Extensions.Options;

namespace ImageWorker.Tests.Callbacks;

public sealed class CallbackTokensTests
{
    private const string Key = "S3cret-api-key-wXyZ";
    private const string Subject = "0123456789abcdef0123456789abcdefsubmission1";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Property]
    public async Task A_token_is_fit_for_a_path_and_gives_its_subject_back(Guid request, PositiveInt submission)
    {
        var subject = $"{request:N}{submission.Get}";

        var token = await IssueAsync(subject);

        Assert.Matches(@"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{22}$", token);
        Assert.Equal(subject, await Tokens().VerifyAsync(token, Ct));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a.b/c?d#e f")]
    [InlineData("日本語 👍")]
    public async Task Any_text_can_be_a_subject(string subject) =>
        Assert.Equal(subject, await Tokens().VerifyAsync(await IssueAsync(subject), Ct));

    [Fact]
    public async Task All_processes_with_one_key_issue_the_same_token_from_setting_or_file()
    {
        using var file = new KeyFile($" {Key}\n");
        var fromFile = Tokens(file: file.Path);

        Assert.Equal(await IssueAsync(Subject), await fromFile.IssueAsync(Subject, Ct));
        Assert.Equal(Subject, await fromFile.VerifyAsync(await IssueAsync(Subject), Ct));
    }

    [Property(MaxTest = 500)]
    public async Task What_was_not_issued_is_null(string text)
    {
        Assert.Null(await Tokens().VerifyAsync(text ?? "", Ct));
        Assert.Null(await Tokens().VerifyAsync($"{text}.{text}", Ct));
    }

    [Property(MaxTest = 500)]
    public async Task What_looks_like_a_token_but_was_forged_is_null(byte[] subject, byte[] mac) =>
        Assert.Null(
            await Tokens().VerifyAsync($"{Base64Url.EncodeToString(subject)}.{Base64Url.EncodeToString(mac)}", Ct)
        );

    [Property(MaxTest = 1000)]
    public async Task A_token_with_one_character_changed_added_or_taken_away_is_null(
        NonNegativeInt place,
        char character,
        bool insert
    )
    {
        var token = await IssueAsync(Subject);
        var at = place.Get % token.Length;
        var changed = token[..at] + character + token[(insert ? at : at + 1)..];

        Assert.Equal(changed == token ? Subject : null, await Tokens().VerifyAsync(changed, Ct));
        Assert.Null(await Tokens().VerifyAsync(token.Remove(at, 1), Ct));
    }

    [Theory]
    [InlineData("=")]
    [InlineData("==")]
    [InlineData(" ")]
    [InlineData("\n")]
    [InlineData(".")]
    [InlineData("A")]
    public async Task A_token_has_one_spelling(string more)
    {
        var token = await IssueAsync(Subject);

        Assert.Null(await Tokens().VerifyAsync(token + more, Ct));
        Assert.Null(await Tokens().VerifyAsync(more + token, Ct));
        Assert.Null(await Tokens().VerifyAsync(token.Replace(".", more + "."), Ct));
    }

    [Fact]
    public async Task The_spare_bits_of_the_last_character_may_not_be_set()
    {
        const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        var token = await IssueAsync(Subject);

        foreach (var letter in Letters.Where(letter => letter != token[^1]))
            Assert.Null(await Tokens().VerifyAsync(token[..^1] + letter, Ct));
    }

    [Fact]
    public async Task Any_part_of_a_token_is_null()
    {
        var token = await IssueAsync(Subject);

        for (var length = 0; length < token.Length; length++)
        {
            Assert.Null(await Tokens().VerifyAsync(token[..length], Ct));
            Assert.Null(await Tokens().VerifyAsync(token[(length + 1)..], Ct));
        }
    }

    [Fact]
    public async Task Two_tokens_with_their_halves_swapped_are_null()
    {
        var one = (await IssueAsync(Subject)).Split('.');
        var other = (await IssueAsync(Subject + "2")).Split('.');

        Assert.Null(await Tokens().VerifyAsync($"{one[0]}.{other[1]}", Ct));
        Assert.Null(await Tokens().VerifyAsync($"{other[0]}.{one[1]}", Ct));
        Assert.Null(await Tokens().VerifyAsync($"{one[1]}.{one[0]}", Ct));
    }

    [Fact]
    public async Task A_token_of_another_key_or_of_the_key_before_is_null()
    {
        using var file = new KeyFile(Key);
        var rotating = Tokens(file: file.Path);
        var foreign = await Tokens("another-api-key").IssueAsync(Subject, Ct);
        var before = await rotating.IssueAsync(Subject, Ct);
        file.Write("a-new-api-key");

        Assert.Null(await Tokens().VerifyAsync(foreign!, Ct));
        Assert.Null(await rotating.VerifyAsync(before!, Ct));
    }

    [Fact]
    public async Task Without_a_key_nothing_is_issued_and_nothing_is_good()
    {
        using var file = new KeyFile("");
        var keyless = Tokens(file: file.Path);

        Assert.Null(await keyless.IssueAsync(Subject, Ct));
        Assert.Null(await keyless.VerifyAsync(await IssueAsync(Subject), Ct));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("....")]
    [InlineData("%2e.%2e")]
    [InlineData("a+b/.c+d/")]
    [InlineData("ñ.ñ")]
    [InlineData("\0.\0")]
    [InlineData("\ud800.\udc00")]
    public async Task What_is_no_base64_is_null(string text) => Assert.Null(await Tokens().VerifyAsync(text, Ct));

    [Fact]
    public async Task A_very_long_text_is_null()
    {
        var tooLong = new string('A', 1_000_000);

        Assert.Null(await Tokens().VerifyAsync(tooLong, Ct));
        Assert.Null(await Tokens().VerifyAsync($"{tooLong}.{tooLong}", Ct));
        Assert.Null(await Tokens().VerifyAsync(new string('.', 1_000_000), Ct));
    }

    [Fact]
    public async Task Bytes_that_are_no_text_are_not_taken_for_the_text_that_stands_in_for_them()
    {
        var token = await IssueAsync("\uFFFD");
        var other = $"{Base64Url.EncodeToString([0xFF])}.{token.Split('.')[1]}";

        Assert.Null(await Tokens().VerifyAsync(other, Ct));
    }

    [Fact]
    public async Task A_token_holds_no_part_of_the_key()
    {
        var token = await IssueAsync(Subject);
        var decoded = token.Split('.').Select(part => Encoding.Latin1.GetString(Base64Url.DecodeFromChars(part)));
        var texts = decoded.Append(token).ToList();

        for (var at = 0; at + 4 <= Key.Length; at++)
            Assert.DoesNotContain(
                texts,
                text => text.Contains(Key.Substring(at, 4), StringComparison.OrdinalIgnoreCase)
            );
        Assert.Equal(token.Length, (await Tokens(new string('k', 500)).IssueAsync(Subject, Ct))!.Length);
    }

    private static CallbackTokens Tokens(string key = Key, string? file = null) =>
        new(Options.Create(new ZpkOptions { ApiKey = key, ApiKeyFile = file }));

    private static async Task<string> IssueAsync(string subject) => (await Tokens().IssueAsync(subject, Ct))!;
}
