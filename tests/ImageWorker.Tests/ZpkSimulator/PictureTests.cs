using System.Buffers.Binary;
using System.IO.Compression;
using ImageWorker.ZpkSimulator.Generation;

namespace ImageWorker.Tests.ZpkSimulator;

public sealed class PictureTests
{
    /// <summary>The last colour of the palette.</summary>
    private const byte InkColor = 13;

    [Theory]
    [InlineData("1024x1024", 1024, 1024)]
    [InlineData("1024x1792", 1024, 1792)]
    [InlineData("1792x1024", 1792, 1024)]
    public async Task An_image_address_serves_a_PNG_of_the_resolution_asked_for(
        string resolution,
        int width,
        int height
    )
    {
        await using var simulator = await Simulator.StartAsync();

        var png = await DownloadAsync(simulator, "a cat [seconds 0]", resolution);

        Assert.Equal([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], png[..8]);
        Assert.Equal("IHDR"u8, png.AsSpan(12, 4));
        Assert.Equal(width, BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(16)));
        Assert.Equal(height, BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(20)));
        Assert.Equal((width + 1) * height, Unpack(png).Length);
    }

    [Fact]
    public async Task Each_prompt_and_number_has_a_picture_of_its_own_that_does_not_change()
    {
        await using var simulator = await Simulator.StartAsync();
        await using var other = await Simulator.StartAsync();

        var cat = await DownloadAsync(simulator, "a cat [seconds 0]");
        var second = await DownloadAsync(simulator, "a cat [seconds 0]", number: 1);
        var dog = await DownloadAsync(simulator, "a dog [seconds 0]");
        var catElsewhere = await DownloadAsync(other, "a cat [seconds 0]");

        Assert.Equal(cat, catElsewhere);
        Assert.NotEqual(Unpack(cat), Unpack(second));
        Assert.NotEqual(Unpack(cat), Unpack(dog));
    }

    [Theory]
    [InlineData("ein Käfer — 日本語 👍 \n\t und \u0001")]
    [InlineData("    ")]
    [InlineData("Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft")]
    public async Task Any_prompt_can_be_drawn(string prompt)
    {
        await using var simulator = await Simulator.StartAsync();

        var png = await DownloadAsync(simulator, prompt + " [seconds 0]");

        Assert.Equal(1025 * 1024, Unpack(png).Length);
    }

    [Theory]
    [InlineData("Füchse", "Fuchse")]
    [InlineData("лиса", "□□□□")]
    [InlineData("αλεπού", "□□□□□□")]
    [InlineData("狐", "□")]
    [InlineData("여우", "□□")]
    [InlineData("👍", "")]
    public async Task What_is_not_ASCII_is_drawn(string prompt, string other)
    {
        await using var simulator = await Simulator.StartAsync();

        var written = await DownloadAsync(simulator, $"{prompt} [seconds 0]");

        // The pattern around the writing is the prompt's own, so only ink tells: the last colour of the palette.
        Assert.NotEqual(Ink(written), Ink(await DownloadAsync(simulator, $"{other} [seconds 0]")));
    }

    // The simulator keeps 200 characters. Nine lines of 17 wide ones have room.
    [Theory]
    [InlineData("x", 200)]
    [InlineData("狐", 9 * 17)]
    public async Task A_long_prompt_is_cut_to_fit_with_a_sign(string character, int room)
    {
        await using var simulator = await Simulator.StartAsync(options =>
            options.GenerationTime = GenerationTime.Fixed(TimeSpan.Zero)
        );

        var whole = await DownloadAsync(simulator, Times(room));
        var cut = await DownloadAsync(simulator, Times(room + 1));
        var longer = await DownloadAsync(simulator, Times(room + 9));

        Assert.NotEqual(Ink(whole), Ink(cut));
        Assert.Equal(Ink(cut), Ink(longer));

        string Times(int count) => string.Concat(Enumerable.Repeat(character, count));
    }

    [Fact]
    public async Task A_prompt_that_is_cut_within_a_character_can_be_drawn()
    {
        await using var simulator = await Simulator.StartAsync(options =>
            options.GenerationTime = GenerationTime.Fixed(TimeSpan.Zero)
        );

        var png = await DownloadAsync(simulator, new string('x', 199) + "👍 and more");

        Assert.Equal(1025 * 1024, Unpack(png).Length);
    }

    [Fact]
    public async Task There_is_no_picture_of_an_image_that_is_not_generated()
    {
        await using var simulator = await Simulator.StartAsync();
        await simulator.GenerateAsync("a cat [seconds 0,0,9] [policy 1]", num: 3, id: "one");
        string[] addresses =
        [
            "/images/one/1.png",
            "/images/one/2.png",
            "/images/one/3.png",
            "/images/one/-1.png",
            "/images/one/0.jpg",
            "/images/two/0.png",
            "/images/one",
            "/images",
        ];

        foreach (var address in addresses)
            Assert.Equal(404, (await simulator.GetAsync(address)).Status);
        Assert.Equal(200, (await simulator.GetAsync("/images/one/0.png")).Status);
    }

    [Theory]
    [InlineData("http://127.0.0.1:5080", "http://127.0.0.1:5080/images/one/0.png")]
    [InlineData("https://pictures.example.com/zpk/", "https://pictures.example.com/zpk/images/one/0.png")]
    public async Task Pictures_are_said_to_be_where_the_caller_can_open_them(string address, string picture)
    {
        await using var simulator = await Simulator.StartAsync(options => options.PublicAddress = new Uri(address));

        var reply = await simulator.GenerateAsync("a cat [seconds 0]", id: "one");

        Assert.Equal(picture, reply.Images.Single().GetProperty("image_url").GetString());
    }

    private static async Task<byte[]> DownloadAsync(
        Simulator simulator,
        string prompt,
        string resolution = "1024x1024",
        int number = 0
    )
    {
        var reply = await simulator.GenerateAsync(prompt, num: 2, more: $"\"resolution\":\"{resolution}\"");
        var address = reply.Images.ElementAt(number).GetProperty("image_url").GetString()!;
        Assert.StartsWith(simulator.Server.BaseAddress.ToString(), address, StringComparison.Ordinal);
        var picture = await simulator.GetAsync(new Uri(address).AbsolutePath);
        Assert.Equal((200, "image/png"), (picture.Status, picture.ContentType));
        return picture.Bytes;
    }

    /// <summary>Where there is writing.</summary>
    private static List<int> Ink(byte[] png)
    {
        var rows = Unpack(png);
        return [.. Enumerable.Range(0, rows.Length).Where(place => rows[place] == InkColor)];
    }

    /// <summary>The rows, each after its filter byte, from the one data chunk.</summary>
    private static byte[] Unpack(byte[] png)
    {
        var type = png.AsSpan().IndexOf("IDAT"u8);
        var length = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(type - 4));
        using var zlib = new ZLibStream(new MemoryStream(png, type + 4, length), CompressionMode.Decompress);
        using var rows = new MemoryStream();
        zlib.CopyTo(rows);
        return rows.ToArray();
    }
}
