using ImageWorker.Zpk.Wire;

namespace ImageWorker.Tests.Zpk;

public sealed class SingleSendContentTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_body_is_written_once_and_never_again()
    {
        using var content = new SingleSendContent([1, 2, 3], () => true);
        using var wire = new MemoryStream();
        Assert.False(content.Started);

        await content.CopyToAsync(wire, Ct);

        Assert.True(content.Started);
        await Assert.ThrowsAsync<InvalidOperationException>(() => content.CopyToAsync(wire, Ct));
        Assert.Equal([1, 2, 3], wire.ToArray());
    }

    [Fact]
    public async Task A_body_whose_time_is_over_is_not_begun()
    {
        using var content = new SingleSendContent([1, 2, 3], () => false);
        using var wire = new MemoryStream();

        await Assert.ThrowsAnyAsync<Exception>(() => content.CopyToAsync(wire, Ct));

        Assert.Equal((false, true, 0), (content.Started, content.IsLate, wire.Length));
    }

    [Fact]
    public void It_knows_its_length_and_type()
    {
        using var content = new SingleSendContent([1, 2, 3], () => true);

        Assert.Equal(3, content.Headers.ContentLength);
        Assert.Equal("application/json", content.Headers.ContentType?.ToString());
    }
}
