using ImageWorker.Zpk;

namespace ImageWorker.Tests.Zpk;

public sealed class PictureAddressTests
{
    [Theory]
    [InlineData("https://zpk.systems/i/1.png")]
    [InlineData("HTTPS://cdn.example:8443/a?X-Signature=%2Fabc%3D&n=1#top")]
    [InlineData("https://cdn.example/ñ/1.png")]
    [InlineData("https://93.184.216.34/1.png")]
    [InlineData("https://[2606:2800:220:1::1]/1.png")]
    public void An_https_address_is_passed_on_as_sent(string url)
    {
        var image = Image(url);

        Assert.Equal((url, null), (image.ImageUrl, image.UrlProblem));
    }

    [Theory]
    [InlineData("javascript:alert(1)")]
    [InlineData("JaVaScRiPt:alert(1)")]
    [InlineData("data:text/html,x")]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://zpk.systems/1.png")]
    [InlineData("http://zpk.systems/1.png")]
    [InlineData("http://169.254.169.254/latest/meta-data")]
    [InlineData("/i/1.png")]
    [InlineData("//zpk.systems/1.png")]
    [InlineData("https:zpk.systems/1.png")]
    [InlineData("https://")]
    [InlineData("7")]
    [InlineData("https://user:password@zpk.systems/1.png")]
    [InlineData("https://zpk.systems\\\\@elsewhere.example/1.png")]
    [InlineData("https://zpk.systems/\\u001b[31m")]
    [InlineData("https://zpk.systems/1.png\\r\\nX: y")]
    [InlineData("https://zpk.systems/\\u202egnp")]
    [InlineData("https://zpk.systems/a b")]
    [InlineData(" https://zpk.systems/1.png")]
    [InlineData("https://zpk.systems/<script>")]
    [InlineData("https://zpk.systems/\\\" onclick=")]
    [InlineData("https://zpk.systems/\\ud800")]
    [InlineData("https://１２７.0.0.1/1.png")]
    [InlineData("https://localhost/1.png")]
    [InlineData("https://LOCALHOST./1.png")]
    [InlineData("https://x.localhost/1.png")]
    [InlineData("https://127.0.0.1/1.png")]
    [InlineData("https://127.1/1.png")]
    [InlineData("https://2130706433/1.png")]
    [InlineData("https://0x7f.1./1.png")]
    [InlineData("https://0.0.0.0/1.png")]
    [InlineData("https://10.1.2.3/1.png")]
    [InlineData("https://172.16.0.1/1.png")]
    [InlineData("https://172.31.255.255/1.png")]
    [InlineData("https://192.168.1.1/1.png")]
    [InlineData("https://100.64.0.1/1.png")]
    [InlineData("https://169.254.169.254/1.png")]
    [InlineData("https://224.0.0.1/1.png")]
    [InlineData("https://255.255.255.255/1.png")]
    [InlineData("https://[::1]/1.png")]
    [InlineData("https://[::]/1.png")]
    [InlineData("https://[::ffff:10.0.0.1]/1.png")]
    [InlineData("https://[::127.0.0.1]/1.png")]
    [InlineData("https://[64:ff9b::a9fe:a9fe]/1.png")]
    [InlineData("https://[2002:7f00:1::1]/1.png")]
    [InlineData("https://[fe80::1]/1.png")]
    [InlineData("https://[fd00::1]/1.png")]
    [InlineData("https://[ff02::1]/1.png")]
    public void Any_other_is_not_and_the_image_is_no_less_generated(string url)
    {
        var image = Image(url);

        Assert.Null(image.ImageUrl);
        Assert.StartsWith("image_url ", image.UrlProblem);
        Assert.Equal((GenerationStatus.Generated, true), (image.Status, image.IsSettled));
        Assert.Equal(0.038m, image.Cost);
    }

    [Theory]
    [InlineData(2048, true)]
    [InlineData(2049, false)]
    [InlineData(900_000, false)]
    public void An_address_has_at_most_2048_characters(int length, bool isTaken)
    {
        var url = "https://zpk.systems/".PadRight(length, 'a');

        var image = Image(url);

        Assert.Equal(isTaken ? url : null, image.ImageUrl);
        Assert.Equal(isTaken ? null : "image_url is longer than 2048 characters", image.UrlProblem);
    }

    [Fact]
    public void Slashes_may_be_escaped_as_php_does()
    {
        var longest = @"https:\/\/zpk.systems\/" + string.Concat(Enumerable.Repeat(@"\u0061", 2028));

        Assert.Equal("https://zpk.systems/i/1.png", Image(@"https:\/\/zpk.systems\/i\/1.png").ImageUrl);
        Assert.Equal(2048, Image(longest).ImageUrl?.Length);
    }

    [Theory]
    [InlineData("http://127.0.0.1:5080", "http://127.0.0.1:5080/images/a/0.png", true)]
    [InlineData("http://127.0.0.1:5080", "http://localhost:5080/images/a/0.png", true)]
    [InlineData("http://localhost:5080", "https://[::1]/0.png", true)]
    [InlineData("http://127.0.0.1:5080", "http://169.254.169.254/0.png", false)]
    [InlineData("http://127.0.0.1:5080", "http://10.0.0.1/0.png", false)]
    [InlineData("http://127.0.0.1:5080", "https://zpk.systems/0.png", true)]
    [InlineData("http://simulator:5080", "http://simulator:5080/images/a/0.png", true)]
    [InlineData("http://simulator:5080", "http://127.0.0.1:5080/images/a/0.png", true)]
    [InlineData("http://simulator:5080", "http://10.0.0.1/0.png", false)]
    [InlineData("http://simulator:5080", "http://169.254.169.254/0.png", false)]
    [InlineData("https://simulator", "https://127.0.0.1/0.png", false)]
    [InlineData("http://zpk.systems", "http://127.0.0.1/0.png", false)]
    [InlineData("https://10.0.0.1", "https://192.168.0.1/0.png", true)]
    [InlineData("https://10.0.0.1", "http://10.0.0.1/0.png", false)]
    [InlineData("https://10.0.0.1", "https://127.0.0.1/0.png", false)]
    public void Where_the_api_is_reached_inside_or_by_http_so_may_its_pictures(string api, string url, bool isTaken) =>
        Assert.Equal(isTaken ? url : null, Image(url, api).ImageUrl);

    [Theory]
    [InlineData("null")]
    [InlineData("\"\"")]
    public void No_address_is_no_problem(string json)
    {
        var image = Answers.ReadImage($$"""{"image_url":{{json}}}""");

        Assert.Equal((null, null), (image.ImageUrl, image.UrlProblem));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("""{"href":"https://zpk.systems/1.png"}""")]
    [InlineData("true")]
    public void An_address_of_another_shape_is_one_that_will_not_do(string json)
    {
        var image = Answers.ReadImage($$"""{"generation_status":"generated","image_url":{{json}}}""");

        Assert.Null(image.ImageUrl);
        Assert.NotNull(image.UrlProblem);
    }

    private static ZpkImage Image(string url, string api = "https://zpk.systems") =>
        Answers.ReadImage($$"""{"generation_status":"generated","image_url":"{{url}}","cost":0.038}""", api);
}
