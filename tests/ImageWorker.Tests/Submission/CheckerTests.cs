using ImageWorker.Requests;
using ImageWorker.Submission;
using ImageWorker.Tests.Zpk;

namespace ImageWorker.Tests.Submission;

public sealed class CheckerTests : IDisposable
{
    private readonly StubZpk _zpk = new();

    public void Dispose() => _zpk.Dispose();

    [Fact]
    public async Task An_answer_is_handed_on_whole()
    {
        _zpk.Check(Answers.Checked);

        var (told, now) = await CheckAsync();

        Assert.Equal(2, told.Answer?.Images.Count);
        Assert.Equal(0.0380m, told.Answer?.Images[0].Cost);
        Assert.Equal((now, null), (told.AnsweredAt, told.NotBefore));
        Assert.Contains("\"unique_request_id\":\"ZPK983ujdsifoj38497\"", _zpk.Bodies.First(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_id_that_zpk_does_not_list_is_no_answer()
    {
        _zpk.Check(Answers.NotFound);

        var (told, _) = await CheckAsync();

        Assert.Null(told.Answer);
        Assert.Null(told.NotBefore);
        Assert.Equal("ZPK does not list it", told.Reason);
    }

    [Fact]
    public async Task A_busy_zpk_is_asked_again_when_it_says()
    {
        _zpk.OnCheck = () => Task.FromResult(StubApi.RetryAfter(503, 60));

        var (told, now) = await CheckAsync();

        Assert.Equal((null, now + TimeSpan.FromSeconds(60)), (told.Answer, told.NotBefore));
    }

    [Fact]
    public async Task Refused_credentials_pause_the_checks()
    {
        _zpk.Check("""{"success":false,"errors":[{"id":"INVALID_API_KEY","message":"no","on":"api_key"}]}""");

        var (held, now) = await CheckAsync<HeldBack>();

        Assert.Equal((now + TimeSpan.FromSeconds(30), null), (held.Until, held.Refusal));
    }

    [Theory]
    [InlineData(7, 7)]
    [InlineData(864_000, 600)]
    public async Task A_check_that_is_one_too_many_is_held_back_and_has_not_failed(int asked, int held)
    {
        _zpk.OnCheck = () => Task.FromResult(StubApi.RetryAfter(429, asked));

        var (heldBack, now) = await CheckAsync<HeldBack>();

        Assert.Equal(now + TimeSpan.FromSeconds(held), heldBack.Until);
        Assert.NotNull(heldBack.Refusal);
    }

    private Task<(ImagesChecked Told, DateTimeOffset Now)> CheckAsync() => CheckAsync<ImagesChecked>();

    private async Task<(T Told, DateTimeOffset Now)> CheckAsync<T>()
    {
        await using var worker = await WorkerUnderTest.StartAsync(_zpk);
        var check = new CheckImages(Guid.NewGuid(), "abcdefgh23456777", "ZPK983ujdsifoj38497");
        return ((await worker.HandleAsync(check)).Only<T>(), worker.Time.GetUtcNow());
    }
}
