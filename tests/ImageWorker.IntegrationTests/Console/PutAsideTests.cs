using ImageWorker.Contracts;
using ImageWorker.IntegrationTests.Servers;
using ImageWorker.IntegrationTests.Workers;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ImageWorker.IntegrationTests.Console;

/// <summary>The page of messages that were put aside, with what it does to the broker's queues.</summary>
[Collection(nameof(SharedConsole))]
public sealed class PutAsideTests(ConsoleFixture console) : IAsyncLifetime
{
    private const string Errors = "generate-images_error";
    private const string Secret = "an unpublished fox";

    private readonly WorkerUnderTest _worker = console.Worker;

    public async ValueTask InitializeAsync() => await EmptyAsync();

    public async ValueTask DisposeAsync() => await EmptyAsync();

    [Fact]
    public async Task Prompts_are_masked_unless_they_are_asked_for_and_a_filter_finds_by_request_and_reason()
    {
        var command = await FailedAsync(Secret);
        await UnreadableAsync(2);
        using var page = await console.OpenAsync("/put-aside");

        await Expect(page.Page.Locator("tbody tr")).ToHaveCountAsync(3);
        await Expect(Row(page, command)).ToContainTextAsync("masked");
        Assert.DoesNotContain("fox", await page.Page.ContentAsync(), StringComparison.Ordinal);

        await page.Page.GetByLabel("Request").FillAsync($"{command.RequestId}");
        await page.Page.GetByLabel("Show prompts").CheckAsync();
        await page.ClickAsync("Find");
        await Expect(page.Page.Locator("tbody tr")).ToHaveCountAsync(1);
        await Expect(Row(page, command)).ToContainTextAsync(Secret);

        await page.GoAsync("/put-aside?reason=cannot+be+read");
        await Expect(page.Page.Locator("tbody tr")).ToHaveCountAsync(2);
        Assert.Empty(page.Complaints);
        Assert.Equal(3u, await _worker.Commands.CountAsync(Errors));
    }

    [Fact]
    public async Task One_message_is_moved_back_and_handled_and_the_others_stay()
    {
        var command = await FailedAsync("a red fox");
        await UnreadableAsync(1);
        using var page = await console.OpenAsync("/put-aside");

        await Row(page, command).GetByText("Redrive").ClickAsync();
        await Expect(page.Page.Locator("dialog h2")).ToHaveTextAsync("Move this message back?");
        Assert.Equal(2u, await _worker.Commands.CountAsync(Errors));
        await page.ConfirmAsync();

        (await _worker.ClosedOnceAsync(command)).As<ImagesReady>();
        await Expect(page.Page.Locator("tbody tr")).ToHaveCountAsync(1);
        Assert.Equal(1u, await _worker.Commands.CountAsync(Errors));
        await AuditedAsync(page, "put-aside redrive", "1 message; 0 left");
    }

    [Fact]
    public async Task All_are_moved_back_part_by_part_and_what_fails_again_is_there_again()
    {
        const int Messages = 230;
        await UnreadableAsync(Messages);
        using var page = await console.OpenAsync("/put-aside");
        await Expect(page.Page.Locator("tbody tr")).ToHaveCountAsync(100);
        var answers = new List<IResponse>();
        page.Page.Response += (_, answer) => answers.Add(answer);

        await page.ClickAsync("Redrive all");
        await page.ConfirmAsync();

        await Eventually.PassesAsync(async () =>
            Assert.Equal((uint)Messages, await _worker.Commands.CountAsync(Errors))
        );
        var posts = answers.Where(answer => answer.Request.Method == "POST").ToList();
        Assert.InRange(posts.Count, 2, 3);
        await AuditedAsync(page, "put-aside redrive", "200 messages");
    }

    [Fact]
    public async Task What_a_filter_finds_is_deleted_with_a_reason_and_nothing_else()
    {
        var command = await FailedAsync("a red fox");
        await UnreadableAsync(3);
        using var page = await console.OpenAsync("/put-aside?reason=cannot+be+read");

        await page.ClickAsync("Delete all found");
        await page.Page.Locator("dialog [type=submit]").ClickAsync();
        await Expect(page.Page.Locator("dialog")).ToBeVisibleAsync();
        Assert.Equal(4u, await _worker.Commands.CountAsync(Errors));
        await page.Page.GetByLabel("Reason", new() { Exact = true }).FillAsync("a test's leftovers");
        await page.ConfirmAsync();

        await page.GoAsync("/put-aside");
        await Expect(page.Page.Locator("tbody tr")).ToHaveCountAsync(1);
        await Expect(Row(page, command)).ToBeVisibleAsync();
        await AuditedAsync(page, "put-aside delete", "a test's leftovers");
    }

    private static ILocator Row(ConsolePage page, GenerateImages command) =>
        page.Page.Locator("tbody tr", new() { HasText = $"{command.RequestId}" });

    private static async Task AuditedAsync(ConsolePage page, string action, string what)
    {
        await page.GoAsync("/audit");
        await Expect(page.Page.Locator("tbody tr", new() { HasText = action }).Filter(new() { HasText = what }).First)
            .ToBeVisibleAsync();
    }

    /// <summary>Has a good command fail, as a broken database makes it.</summary>
    private async Task<GenerateImages> FailedAsync(string prompt)
    {
        var before = await _worker.Commands.CountAsync(Errors);
        var command = WorkerUnderTest.Command(prompt);
        await _worker.QueryAsync("ALTER TABLE requests RENAME COLUMN images TO broken");
        await _worker.Commands.SendAsync(command);
        await CountAsync(before + 1);
        await _worker.QueryAsync("ALTER TABLE requests RENAME COLUMN broken TO images");
        return command;
    }

    private async Task UnreadableAsync(int count)
    {
        var before = await _worker.Commands.CountAsync(Errors);
        for (var i = 0; i < count; i++)
            await _worker.Commands.SendBodyAsync($$"""{"prompt":"{{Secret}}","count":{{i}},""");
        await CountAsync(before + (uint)count);
    }

    private Task CountAsync(uint count) =>
        Eventually.PassesAsync(async () => Assert.Equal(count, await _worker.Commands.CountAsync(Errors)));

    private async Task EmptyAsync()
    {
        while (await _worker.Commands.GetAsync(Errors) is not null) { }
    }
}
