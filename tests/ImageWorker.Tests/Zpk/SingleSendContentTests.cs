using ImageWorker.Zpk.Wire;

namespace ImageWorker.Tests.Zpk;

public sealed class SingleSendContentTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_body_is_written_once_and_never_again()
    {
        using var content = new SingleSendContent([1, 2, 3]);
        using var wire = new MemoryStream();
        Assert.False(content.Started);

        await content.CopyToAsync(wire, Ct);

        Assert.True(content.Started);
        await Assert.ThrowsAsync<InvalidOperationException>(() => content.CopyToAsync(wire, Ct));
        Assert.Equal([1, 2, 3], wire.ToArray());
    }

    [Fact]
    public void It_knows_its_length_and_type()
    {
        using var content = new SingleSendContent([1, 2, 3]);

        Assert.Equal(3, content.Headers.ContentLength);
        Assert.Equal("application/json", content.Headers.ContentType?.ToString());
    }
}
