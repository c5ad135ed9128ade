using ImageWorker.Zpk.Wire;

namespace ImageWorker.Tests.Zpk;

public sealed class SecretWordTests
{
    private const string Secret = "S3cret/Key+5678";

    private static readonly SecretWord Word = new(Secret);

    [Theory]
    [InlineData(Secret)]
    [InlineData("s3CRET/kEY+5678")]
    [InlineData("S3cret%2FKey%2B5678")]
    [InlineData("S3cret%2fKey%2b5678")]
    [InlineData("%53%33%63%72%65%74%2F%4B%65%79%2B%35%36%37%38")]
    [InlineData("%2553%253%33cret%252FKey%25252B5678", false)]
    [InlineData("%2553%2533cret%252FKey%25252B5678")]
    [InlineData(@"S3cret\/Key\u002b5678")]
    [InlineData(@"\u0053\u0033cret\u002FKey+5678")]
    [InlineData(@"\\u0053\\\\u0033cret\\/Key+5678")]
    [InlineData("S3cret/Key+567", false)]
    [InlineData("S3cret/Key-5678", false)]
    [InlineData("S3cret%2", false)]
    [InlineData(@"S3cret\", false)]
    [InlineData(@"S3cret\u002", false)]
    [InlineData("", false)]
    public void It_is_found_in_any_case_and_however_it_is_escaped(string text, bool isFound = true)
    {
        Assert.Equal(isFound, Word.IsIn($"key={text}&x"));
        Assert.Equal(isFound ? "key=***&x" : $"key={text}&x", Word.Mask($"key={text}&x"));
    }

    [Fact]
    public void It_is_masked_wherever_it_stands()
    {
        Assert.Equal("***", Word.Mask(Secret));
        Assert.Equal("******", Word.Mask(Secret + Secret));
        Assert.Equal("SS3***%*** and ***", Word.Mask($"SS3{Secret}%{Secret} and {Secret}"));
    }
}
