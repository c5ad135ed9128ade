using ImageWorker.Tests.Zpk;
using ImageWorker.Zpk;

namespace ImageWorker.Tests.Contract;

/// <summary>
/// A service that says anything in any field, over real HTTP. Whatever it says, the images it made are known, what they
/// cost is known or called unknown, and nothing that is handed on holds a secret or more than its share.
/// </summary>
public sealed class HostileAnswerTests
{
    [Theory]
    [InlineData("javascript:alert(1)")]
    [InlineData("file:///etc/passwd")]
    [InlineData("http://169.254.169.254/latest/meta-data")]
    [InlineData("http://10.0.0.1/0.png")]
    [InlineData("https://zpk.systems/%FF%C0.png")]
    [InlineData("https://zpk.systems/%1B%5B31m")]
    [InlineData("https://zpk.systems/%E2%80%AEgnp.png")]
    [InlineData("https://zpk.systems/?key={key}")]
    [InlineData("https://zpk.systems/{a*900000}")]
    public async Task One_address_that_will_not_do_takes_nothing_from_the_others(string url)
    {
        await using var api = await ClientAndSimulator.StartAsync();
        await api.AcceptedAsync("a lighthouse [seconds 0]", num: 3);
        api.Server.SetFaults($"say image_url@1={url} check");

        var images = (await api.FoundAsync()).Images;

        Assert.All(images, image => Assert.Equal(GenerationStatus.Generated, image.Status));
        Assert.All(images, image => Assert.Equal(0.0380m, image.Cost));
        Assert.Equal([true, false, true], images.Select(image => image.ImageUrl is not null));
        Assert.Equal([true, false, true], images.Select(image => image.UrlProblem is null));
    }

    [Theory]
    [InlineData("cost=1e28")]
    [InlineData("cost=7e28")]
    [InlineData("cost=1e27 cost@1=1e-28")]
    [InlineData("cost=-0.01")]
    [InlineData("cost=%22%22")]
    public async Task A_cost_out_of_bounds_is_unknown_and_the_images_are_kept(string words)
    {
        await using var api = await ClientAndSimulator.StartAsync();
        api.Server.SetFaults($"say {words} total_cost=1e28 generate");

        var accepted = await api.AcceptedAsync("a lighthouse", num: 8);

        Assert.Equal(8, accepted.Images.Count);
        Assert.All(accepted.Images, image => Assert.Null(image.Cost));
        Assert.Null(accepted.Cost);
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("{a*200000}")]
    [InlineData("{key}")]
    [InlineData("%1B")]
    public async Task An_id_that_will_not_do_counts_as_absent_and_its_own_still_finds_the_submission(string id)
    {
        await using var api = await ClientAndSimulator.StartAsync();
        api.Server.SetFaults($"say unique_request_id={id} generate");

        var accepted = await api.AcceptedAsync("a lighthouse");

        Assert.Null(accepted.UniqueRequestId);
        Assert.NotNull(accepted.UniqueRequestIdProblem);
        Assert.Single((await api.FoundAsync()).Images);
    }

    [Theory]
    [InlineData("say num=0", 1)]
    [InlineData("say num=0 num@2=2", 2)]
    public async Task Of_images_with_one_number_the_first_counts(string fault, int images)
    {
        await using var api = await ClientAndSimulator.StartAsync();
        api.Server.SetFaults($"{fault} generate");

        Assert.Equal(images, (await api.AcceptedAsync("a lighthouse", num: 3)).Images.Count);
    }

    [Theory]
    [InlineData("say id={key} message={key}+{application} on={application}", typeof(GenerateOutcome.Refused))]
    [InlineData("say id=%1B%5B31m{a*1000} message=%07%C2%9B{m*1000000}", typeof(GenerateOutcome.Refused))]
    [InlineData("say generation_status=error error_id={key}", typeof(GenerateOutcome.Accepted))]
    [InlineData("say generation_status={key}{a*1000}", typeof(GenerateOutcome.Accepted))]
    [InlineData("say content-type=text/{key}", typeof(GenerateOutcome.Unknown))]
    [InlineData("say header={key}+{application}", typeof(GenerateOutcome.Unknown))]
    [InlineData("say status-line={key}+{application}", typeof(GenerateOutcome.Unknown))]
    public async Task Nothing_that_is_handed_on_holds_a_secret_a_control_character_or_a_megabyte(
        string fault,
        Type expected
    )
    {
        await using var api = await ClientAndSimulator.StartAsync();
        api.Server.SetFaults(fault);

        var outcome = await api.GenerateAsync("a lighthouse");

        Assert.IsType(expected, outcome);
        var texts = outcome switch
        {
            GenerateOutcome.Accepted accepted => string.Join(' ', accepted.Answer.Images),
            GenerateOutcome.Refused refused => string.Join(' ', refused.Errors),
            _ => outcome.ToString(),
        };
        Assert.DoesNotContain(ClientUnderTest.ApiKey, texts);
        Assert.DoesNotContain(ClientUnderTest.ApplicationId, texts);
        Assert.DoesNotContain(texts, char.IsControl);
        Assert.InRange(texts.Length, 1, 2000);
    }
}
