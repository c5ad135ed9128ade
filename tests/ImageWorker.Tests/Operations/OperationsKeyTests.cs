using System.Net;
using System.Text.Json;
using ImageWorker.Tests.Zpk;

namespace ImageWorker.Tests.Operations;

public sealed class OperationsKeyTests(OperationsKeyTests.Worker worker) : IClassFixture<OperationsKeyTests.Worker>
{
    private const string Key = OperationsApp.Key;
    private const string ViewKey = OperationsApp.ViewKey;

    internal static readonly string[] Guarded =
    [
        "GET /",
        $"GET /requests/{Guid.Empty}",
        "GET /metrics",
        "GET /api/costs",
        "GET /api/requests",
        "POST /act",
    ];

    public static TheoryData<string, string[]> NearMisses { get; } =
        new()
        {
            { "nothing", [] },
            { "an empty header", [Shown("")] },
            { "no value", [Shown("Bearer")] },
            { "an empty value", [Shown("Bearer ")] },
            { "another key of that length", [Shown($"Bearer {new string('x', Key.Length)}")] },
            { "the start of the key", [Shown($"Bearer {Key[..^1]}")] },
            { "the end of the key", [Shown($"Bearer {Key[1..]}")] },
            { "the key and more", [Shown($"Bearer {Key}x")] },
            { "the key twice", [Shown($"Bearer {Key} {Key}")] },
            { "the key in quotes", [Shown($"Bearer \"{Key}\"")] },
            { "the key in lower case", [Shown($"Bearer {Key.ToLowerInvariant()}")] },
            { "the key in upper case", [Shown($"Bearer {Key.ToUpperInvariant()}")] },
            { "no scheme", [Shown(Key)] },
            { "another scheme", [Shown($"Token {Key}")] },
            { "a scheme that begins with the right one", [Shown($"BearerX {Key}")] },
            { "no space", [Shown($"Bearer{Key}")] },
            { "two headers, the second right", [Shown("Bearer x"), Shown($"Bearer {Key}")] },
            { "two headers, the first right", [Shown($"Bearer {Key}"), Shown("Bearer x")] },
            { "two headers, both right", [Shown($"Bearer {Key}"), Shown($"Bearer {Key}")] },
            { "two in one header", [Shown($"Bearer {Key}, Bearer {Key}")] },
            { "another header", [$"Proxy-Authorization: Bearer {Key}"] },
            { "a cookie", [$"Cookie: Authorization=Bearer {Key}; key={Key}"] },
            { "a wrong password", [Shown(OperationsApp.Basic("admin:wrong"))] },
            { "another password of that length", [Shown(OperationsApp.Basic($"admin:{new string('x', Key.Length)}"))] },
            { "an empty password", [Shown(OperationsApp.Basic("admin:"))] },
            { "neither name nor password", [Shown(OperationsApp.Basic(":"))] },
            { "the key as the name", [Shown(OperationsApp.Basic($"{Key}:"))] },
            { "the key as the name, another password", [Shown(OperationsApp.Basic($"{Key}:wrong"))] },
            { "the start of the password", [Shown(OperationsApp.Basic($"admin:{Key[..^1]}"))] },
            { "the password and more", [Shown(OperationsApp.Basic($"admin:{Key}x"))] },
            { "the password and a colon", [Shown(OperationsApp.Basic($"admin:{Key}:"))] },
            { "the password and a line's end", [Shown(OperationsApp.Basic($"admin:{Key}\n"))] },
            { "the password in lower case", [Shown(OperationsApp.Basic($"admin:{Key.ToLowerInvariant()}"))] },
            { "Basic without a colon", [Shown(OperationsApp.Basic(Key))] },
            { "Basic without a value", [Shown("Basic")] },
            { "Basic that is not base64", [Shown("Basic !")] },
            { "Basic in plain text", [Shown($"Basic admin:{Key}")] },
            { "Basic with the key alone", [Shown($"Basic {Key}")] },
            { "Bearer with what Basic shows", [Shown($"Bearer {OperationsApp.Basic($"admin:{Key}")[6..]}")] },
        };

    /// <summary>What nearly is <see cref="OperationsApp.ViewKey"/>.</summary>
    public static TheoryData<string, string> ViewKeyNearMisses { get; } =
        new()
        {
            { "another key of that length", $"Bearer {new string('x', ViewKey.Length)}" },
            { "the start of it", $"Bearer {ViewKey[..^1]}" },
            { "the end of it", $"Bearer {ViewKey[1..]}" },
            { "it and more", $"Bearer {ViewKey}x" },
            { "in lower case", $"Bearer {ViewKey.ToLowerInvariant()}" },
            { "both keys", $"Bearer {Key}{ViewKey}" },
            { "both keys with a space", $"Bearer {ViewKey} {Key}" },
            { "both keys with a comma", $"Bearer {ViewKey}, Bearer {Key}" },
            { "no scheme", ViewKey },
            { "as the name", OperationsApp.Basic($"{ViewKey}:") },
            { "as the name, another password", OperationsApp.Basic($"{ViewKey}:wrong") },
            { "the start of the password", OperationsApp.Basic($"admin:{ViewKey[..^1]}") },
            { "the password and more", OperationsApp.Basic($"admin:{ViewKey}x") },
            { "both as name and password", OperationsApp.Basic($"{Key}:{ViewKey}x") },
        };

    [Theory]
    [MemberData(nameof(NearMisses))]
    public async Task Who_nearly_shows_the_key_is_not_let_in(string miss, string[] headers)
    {
        foreach (var what in Guarded)
        {
            var answer = await worker.App.SendAsync(what, headers);

            Assert.True(answer.Status is HttpStatusCode.Unauthorized, $"{miss}: {what} is {answer.Status}");
            Assert.Equal(
                ["Bearer", "Basic realm=\"ImageWorker\""],
                answer.Headers["WWW-Authenticate"],
                StringComparer.Ordinal
            );
            Assert.Contains(
                "Show the key of Operations:Key or Operations:KeyFile as ",
                answer.Body,
                StringComparison.Ordinal
            );
        }
    }

    [Theory]
    [InlineData("key")]
    [InlineData("access_token")]
    [InlineData("Authorization")]
    public async Task The_key_in_an_address_lets_nobody_in(string name)
    {
        var answer = await worker.App.GetAsync($"/?{name}={Key}");

        Assert.Equal(HttpStatusCode.Unauthorized, answer.Status);
    }

    [Fact]
    public async Task Who_shows_the_key_may_look_and_act()
    {
        string[] shown =
        [
            $"Bearer {Key}",
            $"bearer {Key}",
            $"BEARER  {Key}",
            OperationsApp.Basic($"admin:{Key}"),
            OperationsApp.Basic($":{Key}"),
            OperationsApp.Basic($"admin:{Key}").Replace("Basic", "basic", StringComparison.Ordinal),
        ];
        foreach (var authorization in shown)
        {
            Assert.Contains(
                "<title>ImageWorker</title>",
                (await worker.App.GetAsAsync(authorization, "/")).Body,
                StringComparison.Ordinal
            );
            Assert.Equal(HttpStatusCode.OK, (await worker.App.GetAsAsync(authorization, "/metrics")).Status);
            Assert.StartsWith(
                "done by ",
                (await worker.App.SendAsync("POST /act", Shown(authorization))).Body,
                StringComparison.Ordinal
            );
            Assert.StartsWith(
                "there is no request",
                (await worker.App.GetAsAsync(authorization, $"/requests/{Guid.Empty}")).Body,
                StringComparison.Ordinal
            );
        }
    }

    [Theory]
    [MemberData(nameof(ViewKeyNearMisses))]
    public async Task Who_nearly_shows_the_view_key_is_not_let_in(string miss, string authorization)
    {
        foreach (var what in Guarded)
        {
            var answer = await worker.App.SendAsync(what, Shown(authorization));

            Assert.True(answer.Status is HttpStatusCode.Unauthorized, $"{miss}: {what} is {answer.Status}");
        }
    }

    [Theory]
    [InlineData($"Bearer {ViewKey}", null)]
    [InlineData($"bearer  {ViewKey}", "X-Operator: admin")]
    [InlineData(null, null)]
    public async Task Who_shows_the_view_key_may_look_and_not_act(string? authorization, string? header)
    {
        string[] headers =
        [
            Shown(authorization ?? OperationsApp.Basic($"{Key}:{ViewKey}")),
            .. header is null ? [] : new[] { header },
        ];

        Assert.Equal(HttpStatusCode.OK, (await worker.App.GetAsync("/", headers)).Status);
        Assert.Equal(HttpStatusCode.OK, (await worker.App.GetAsync("/metrics", headers)).Status);
        var refusal = await worker.App.SendAsync("POST /act", headers);
        Assert.Equal(HttpStatusCode.Forbidden, refusal.Status);
        Assert.Equal(
            "This key may look, not act: show the key of Operations:Key or Operations:KeyFile.\n",
            refusal.Body
        );
    }

    [Fact]
    public async Task With_a_view_key_alone_nobody_acts_and_nobody_looks_without_it()
    {
        await using var app = await OperationsApp.StartAsync(settings: ("Operations:ViewKey", ViewKey));

        Assert.Equal(HttpStatusCode.OK, (await app.GetAsAsync($"Bearer {ViewKey}", "/")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.GetAsync("/")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await app.SendAsync("POST /act", Shown($"Bearer {ViewKey}"))).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.SendAsync("POST /act", Shown("Bearer "))).Status);
    }

    [Fact]
    public async Task While_the_key_s_file_is_empty_the_view_key_looks_and_nobody_acts()
    {
        using var file = new KeyFile(Key);
        await using var app = await OperationsApp.StartAsync(
            settings: [("Operations:KeyFile", file.Path), ("Operations:ViewKey", ViewKey)]
        );
        Assert.Equal("done by ", (await app.SendAsync("POST /act", Shown($"Bearer {Key}"))).Body);

        file.Write("");

        Assert.Equal(HttpStatusCode.OK, (await app.GetAsAsync($"Bearer {ViewKey}", "/")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await app.SendAsync("POST /act", Shown($"Bearer {ViewKey}"))).Status);
        foreach (var shown in new[] { "Bearer ", $"Bearer {Key}", OperationsApp.Basic("admin:") })
            Assert.Equal(HttpStatusCode.Unauthorized, (await app.SendAsync("POST /act", Shown(shown))).Status);
    }

    [Fact]
    public async Task A_view_key_in_a_file_can_be_replaced()
    {
        using var file = new KeyFile($"{ViewKey}\n");
        await using var app = await OperationsApp.StartAsync(settings: ("Operations:ViewKeyFile", file.Path));
        Assert.Equal(HttpStatusCode.OK, (await app.GetAsAsync($"Bearer {ViewKey}", "/")).Status);

        file.Write("another-key-of-some-length");

        Assert.Equal(HttpStatusCode.Unauthorized, (await app.GetAsAsync($"Bearer {ViewKey}", "/")).Status);
        Assert.Equal(HttpStatusCode.OK, (await app.GetAsAsync("Bearer another-key-of-some-length", "/")).Status);
    }

    [Theory]
    [InlineData("anna", null, "anna")]
    [InlineData("anna", "X-Operator: bert", "anna")]
    [InlineData("", "X-Operator: bert", "bert")]
    [InlineData(null, "X-Operator: bert", "bert")]
    [InlineData(null, "X-Operator:", "")]
    [InlineData(null, null, "")]
    [InlineData("an\u202ena\n", null, @"an\u202ena")]
    public async Task The_caller_has_the_name_that_it_gives(string? user, string? header, string name)
    {
        var answer = await worker.App.SendAsync(
            "POST /act",
            [
                Shown(user is null ? $"Bearer {Key}" : OperationsApp.Basic($"{user}:{Key}")),
                .. header is null ? [] : new[] { header },
            ]
        );

        Assert.Equal($"done by {name}", answer.Body);
    }

    [Fact]
    public async Task A_name_without_end_is_cut()
    {
        var answer = await worker.App.SendAsync(
            "POST /act",
            Shown($"Bearer {Key}"),
            $"X-Operator: {new string('n', 1000)}"
        );

        Assert.Equal($"done by {new string('n', 99)}…", answer.Body);
    }

    [Theory]
    [InlineData(null, HttpStatusCode.Unauthorized)]
    [InlineData(ViewKey, HttpStatusCode.Forbidden)]
    public async Task Programs_are_refused_with_a_problem(string? key, HttpStatusCode status)
    {
        var answer = await worker.App.SendAsync(
            "POST /api/act",
            (string[])(key is null ? [] : [Shown($"Bearer {key}")])
        );

        Assert.Equal(status, answer.Status);
        Assert.Equal("application/problem+json", Assert.Single(answer.Headers["Content-Type"]));
        Assert.Contains(
            "Operations:Key",
            JsonDocument.Parse(answer.Body).RootElement.GetProperty("detail").GetString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_key_of_any_characters_can_be_shown()
    {
        const string key = "a, \"key\": of=any ключ";
        await using var app = await OperationsApp.StartAsync(settings: ("Operations:Key", key));

        Assert.Equal(HttpStatusCode.OK, (await app.GetAsAsync($"Bearer {key}", "/")).Status);
        Assert.Equal(HttpStatusCode.OK, (await app.GetAsAsync(OperationsApp.Basic($"admin:{key}"), "/")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.GetAsAsync("Bearer a", "/")).Status);
    }

    [Fact]
    public async Task A_key_in_a_file_can_be_replaced_and_while_there_is_none_nobody_is_let_in()
    {
        using var file = new KeyFile($"{Key}\n");
        await using var app = await OperationsApp.StartAsync(settings: ("Operations:KeyFile", file.Path));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync($"Bearer {Key}"));

        file.Write("another-key-of-some-length");
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync($"Bearer {Key}"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("Bearer another-key-of-some-length"));

        // As while it is being written.
        file.Write("");
        await NobodyIsLetInAsync();
        file.Write("\n");
        await NobodyIsLetInAsync();
        File.Delete(file.Path);
        await NobodyIsLetInAsync();

        file.Write(Key);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync($"Bearer {Key}"));

        async Task NobodyIsLetInAsync()
        {
            string?[] shown =
            [
                null,
                "Bearer",
                "Bearer ",
                $"Bearer {Key}",
                "Bearer another-key-of-some-length",
                OperationsApp.Basic("admin:"),
                OperationsApp.Basic(""),
            ];
            foreach (var authorization in shown)
                Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(authorization));
        }

        async Task<HttpStatusCode> StatusAsync(string? authorization) =>
            (await app.GetAsAsync(authorization, "/metrics")).Status;
    }

    [Fact]
    public async Task Off_loopback_without_a_key_nobody_is_let_in_and_is_told_why()
    {
        await using var app = await OperationsApp.StartAsync("0.0.0.0");

        foreach (var what in Guarded)
        {
            var answer = await app.SendAsync(what, Shown($"Bearer {Key}"));

            Assert.Equal(HttpStatusCode.Forbidden, answer.Status);
            Assert.Contains("Operations:Key", answer.Body, StringComparison.Ordinal);
            Assert.Single(answer.Body.Trim().Split('\n'));
            Assert.Empty(answer.Headers["WWW-Authenticate"]);
        }
    }

    private static string Shown(string authorization) => $"Authorization: {authorization}";

    /// <summary>One with a key, for all who do not change it.</summary>
    public sealed class Worker : IAsyncLifetime
    {
        internal OperationsApp App { get; private set; } = null!;

        public async ValueTask InitializeAsync() =>
            App = await OperationsApp.StartAsync(
                settings: [("Operations:Key", OperationsApp.Key), ("Operations:ViewKey", OperationsApp.ViewKey)]
            );

        public ValueTask DisposeAsync() => App.DisposeAsync();
    }
}
