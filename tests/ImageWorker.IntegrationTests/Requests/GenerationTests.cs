using System.Text.Json;
using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Workers;

namespace ImageWorker.IntegrationTests.Requests;

[Collection(nameof(SharedWorker))]
public sealed class GenerationTests(SharedWorkerFixture shared)
{
    private const decimal Price = 0.038m;
    private const string GeneralError = "GENERAL_ERROR";
    private const string ContentPolicyViolation = "CONTENT_POLICY_VIOLATION";

    private readonly WorkerUnderTest _worker = shared.Worker;

    [Fact]
    public async Task One_image_is_generated_and_paid_once()
    {
        var command = WorkerUnderTest.Command("a red fox");

        var ready = (await _worker.CloseAsync(command)).As<ImagesReady>();

        var image = Assert.Single(ready.Images);
        Assert.Equal((0, ImageStatus.Generated, 1), (image.Number, image.Status, image.Attempts));
        Assert.Equal(Price, image.Cost);
        Assert.Equal((Price, Price, "EUR"), (ready.Cost.Total, ready.Cost.Estimated, ready.Cost.Currency));
        Assert.Null(ready.Metadata);
        Assert.True(ready.ClosedAt > ready.RequestedAt);
        AssertPaid(command, images: 1, resends: 0);
        var paid = Assert.Single(_worker.PaidFor(command).Submissions);
        Assert.Equal(paid.UniqueRequestId, Assert.Single(ready.Cost.Submissions).UniqueRequestId);
        Assert.Equal($"{_worker.Zpk.BaseAddress}images/{paid.UniqueRequestId}/0.png", image.Url);
    }

    [Fact]
    public async Task An_event_has_the_properties_that_the_page_of_messages_names()
    {
        var command = WorkerUnderTest.Command("a red fox");

        var closing = await _worker.CloseAsync(command);

        Assert.Equal(
            ("application/vnd.masstransit+json", $"{closing.MessageId}", $"{command.RequestId}", true),
            (
                closing.Properties.ContentType,
                closing.Properties.MessageId,
                closing.Properties.CorrelationId,
                closing.Properties.Persistent
            )
        );
    }

    [Fact]
    public async Task The_parameters_reach_ZPK_and_amounts_travel_as_numbers()
    {
        var command = WorkerUnderTest.Command("a red fox") with
        {
            Model = "dall-e-3",
            Quality = "hq",
            Style = "natural",
            Resolution = "1792x1024",
            UniqueGuard = true,
        };

        var closing = await _worker.CloseAsync(command);

        var paid = Assert.Single(_worker.PaidFor(command).Submissions);
        Assert.Equal(
            ("dall-e-3", "hq", "1792x1024", true, command.Prompt),
            (paid.Model, paid.Quality, paid.Resolution, paid.UniqueGuard, paid.Prompt)
        );
        Assert.Equal(0.120m, paid.Charged);
        var total = closing.Message.GetProperty("cost").GetProperty("total");
        Assert.Equal(JsonValueKind.Number, total.ValueKind);
        Assert.Equal(0.120m, total.GetDecimal());
    }

    [Fact]
    public async Task Twenty_images_are_one_payment()
    {
        var command = WorkerUnderTest.Command("a red fox", count: 20);

        var ready = (await _worker.CloseAsync(command)).As<ImagesReady>();

        Assert.Equal(Enumerable.Range(0, 20), ready.Images.Select(image => image.Number));
        Assert.All(ready.Images, image => Assert.Equal(ImageStatus.Generated, image.Status));
        Assert.Equal(20, ready.Images.Select(image => image.Url).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(20 * Price, ready.Cost.Total);
        AssertPaid(command, images: 20, resends: 0);
        Assert.Single(_worker.PaidFor(command).Submissions);
    }

    [Fact]
    public async Task Images_that_ended_as_GENERAL_ERROR_are_resent_one_by_one_under_their_own_numbers()
    {
        var command = WorkerUnderTest.Command("a red fox [general-error 1,3]", count: 5);

        var ready = (await _worker.CloseAsync(command)).As<ImagesReady>();

        Assert.All(ready.Images, image => Assert.Equal(ImageStatus.Generated, image.Status));
        Assert.Equal([1, 2, 1, 2, 1], ready.Images.Select(image => image.Attempts));
        Assert.Equal([Price, 2 * Price, Price, 2 * Price, Price], ready.Images.Select(image => image.Cost));
        Assert.Equal(7 * Price, ready.Cost.Total);
        AssertPaid(command, images: 5, resends: 2);

        Assert.Equal([5, 1, 1], ready.Cost.Submissions.Select(submission => submission.ImageNumbers.Count));
        Assert.Equal([1, 3], ready.Cost.Submissions.Skip(1).Select(submission => submission.ImageNumbers[0]).Order());
        foreach (var resend in ready.Cost.Submissions.Skip(1))
        {
            Assert.Contains(resend.UniqueRequestId, ready.Images[resend.ImageNumbers[0]].Url, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_image_against_the_policy_is_not_resent_and_leaves_the_others_alone()
    {
        var command = WorkerUnderTest.Command("a red fox [policy 1]", count: 3);

        var ready = (await _worker.CloseAsync(command)).As<ImagesReady>();

        Assert.Equal(
            [ImageStatus.Generated, ImageStatus.Failed, ImageStatus.Generated],
            ready.Images.Select(image => image.Status)
        );
        Assert.Equal((ContentPolicyViolation, null), (ready.Images[1].ErrorId, ready.Images[1].Url));
        Assert.Equal(3 * Price, ready.Cost.Total);
        AssertPaid(command, images: 3, resends: 0);
    }

    [Fact]
    public async Task Images_all_against_the_policy_close_as_failed_and_state_their_cost()
    {
        var command = WorkerUnderTest.Command("a red fox [policy]", count: 2);

        var failed = (await _worker.CloseAsync(command)).As<ImagesFailed>();

        Assert.Equal(FailureReason.ContentPolicyViolation, failed.Reason);
        Assert.All(failed.Images, image => Assert.Equal(ContentPolicyViolation, image.ErrorId));
        Assert.Equal(2 * Price, failed.Cost.Total);
        AssertPaid(command, images: 2, resends: 0);
    }

    [Fact]
    public async Task An_image_that_always_ends_as_GENERAL_ERROR_is_given_up_after_three_resends()
    {
        var command = WorkerUnderTest.Command("a red fox [general-error always]");

        var failed = (await _worker.CloseAsync(command)).As<ImagesFailed>();

        Assert.Equal(FailureReason.GeneralError, failed.Reason);
        var image = Assert.Single(failed.Images);
        Assert.Equal((ImageStatus.Failed, GeneralError, 4), (image.Status, image.ErrorId, image.Attempts));
        Assert.Equal(4 * Price, failed.Cost.Total);
        AssertPaid(command, images: 1, resends: 3);
    }

    [Fact]
    public async Task Progress_is_told_once_an_image_and_before_the_end()
    {
        var command = WorkerUnderTest.Command("a red fox [seconds 0.3,1.5,0.3]", count: 3) with { Progress = true };

        var closing = await _worker.CloseAsync(command);

        var images = closing.As<ImagesReady>().Images;
        var events = _worker.Events.EventsOf(command.RequestId);
        Assert.Same(closing, events[^1]);
        var told = events.SkipLast(1).Select(e => e.As<ImageGenerated>()).ToList();
        Assert.Equal([0, 1, 2], told.Select(image => image.Number).Order());
        Assert.Equal(1, told[^1].Number);
        Assert.All(told, image => Assert.Equal(images[image.Number].Url, image.Url));
        AssertPaid(command, images: 3, resends: 0);
    }

    [Fact]
    public async Task Without_progress_only_the_end_is_told_and_metadata_comes_back_on_every_event()
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["order"] = "4711",
            ["name"] = "Füchse \"rot\" 🦊",
        };
        var quiet = WorkerUnderTest.Command("a red fox") with { Metadata = metadata };
        var told = WorkerUnderTest.Command("a red fox") with { Metadata = metadata, Progress = true };

        await _worker.Commands.SendAsync(quiet);
        await _worker.Commands.SendAsync(told);
        await _worker.ClosedOnceAsync(quiet);
        await _worker.ClosedOnceAsync(told);

        Assert.Equal(metadata, Assert.Single(_worker.Events.EventsOf(quiet.RequestId)).As<ImagesReady>().Metadata);
        var events = _worker.Events.EventsOf(told.RequestId);
        Assert.Equal(2, events.Count);
        Assert.Equal(metadata, events[0].As<ImageGenerated>().Metadata);
        Assert.Equal(metadata, events[1].As<ImagesReady>().Metadata);
    }

    [Fact]
    public async Task At_its_deadline_a_request_closes_with_what_it_paid_for()
    {
        var command = WorkerUnderTest.Command("a red fox [seconds 60]", count: 2) with { TimeoutSeconds = 2 };

        var failed = (await _worker.CloseAsync(command)).As<ImagesFailed>();

        Assert.Equal(FailureReason.DeadlineExceeded, failed.Reason);
        Assert.All(failed.Images, image => Assert.Equal("DEADLINE_EXCEEDED", image.ErrorId));
        Assert.Equal(2 * Price, failed.Cost.Total);
        Assert.InRange(failed.ClosedAt - failed.RequestedAt, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(50));
        AssertPaid(command, images: 2, resends: 0);
    }

    [Fact]
    public async Task At_its_deadline_a_request_keeps_the_images_that_are_ready()
    {
        var command = WorkerUnderTest.Command("a red fox [seconds 0.3,60]", count: 2) with { TimeoutSeconds = 6 };

        var ready = (await _worker.CloseAsync(command)).As<ImagesReady>();

        Assert.Equal([ImageStatus.Generated, ImageStatus.Failed], ready.Images.Select(image => image.Status));
        Assert.Equal("DEADLINE_EXCEEDED", ready.Images[1].ErrorId);
        AssertPaid(command, images: 2, resends: 0);
    }

    [Fact]
    public async Task A_budget_below_the_estimate_refuses_before_anything_is_paid()
    {
        var command = WorkerUnderTest.Command("a red fox", count: 3) with { MaxCost = (3 * Price) - 0.0001m };

        var failed = (await _worker.CloseAsync(command)).As<ImagesFailed>();

        Assert.Equal(FailureReason.BudgetExceeded, failed.Reason);
        Assert.Equal("maxCost", Assert.Single(failed.Errors).On);
        Assert.Equal((0m, 3 * Price), (failed.Cost.Total, failed.Cost.Estimated));
        Assert.Empty(_worker.PaidFor(command).Submissions);
    }

    [Fact]
    public async Task A_budget_is_not_passed_by_a_resend()
    {
        var command = WorkerUnderTest.Command("a red fox [general-error 0,1]", count: 2) with { MaxCost = 3 * Price };

        var ready = (await _worker.CloseAsync(command)).As<ImagesReady>();

        Assert.Single(ready.Images, image => image.Status is ImageStatus.Generated);
        Assert.Single(ready.Images, image => image.ErrorId == "BUDGET_EXCEEDED");
        Assert.Equal(3 * Price, ready.Cost.Total);
        AssertPaid(command, images: 2, resends: 1);
    }

    private void AssertPaid(GenerateImages command, int images, int resends)
    {
        var totals = _worker.PaidFor(command).Totals;
        Assert.Equal((images, resends, 0), (totals.ImagesAsked, totals.Resends, totals.RepeatedIds));
        Assert.Equal(images + resends, totals.ImagesPaid);
        Assert.Equal((images + resends) * Price, totals.Charged);
    }
}
