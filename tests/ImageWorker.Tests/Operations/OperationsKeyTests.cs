using System.Net;
using ImageWorker.Tests.Zpk;

namespace ImageWorker.Tests.Operations;

public sealed class OperationsKeyTests(OperationsKeyTests.Worker worker) : IClassFixture<OperationsKeyTests.Worker>
{
    private const string Key = OperationsApp.Key;

    internal static readonly string[] Guarded = ["GET /", $"GET /requests/{Guid.Empty}", "GET /metrics", "POST /act"];

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
            Assert.Equal(
                "Show the key of Operations:Key or Operations:KeyFile as 'Authorization: Bearer KEY'.\n",
                answer.Body
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
                "ImageWorker</h1>",
                (await worker.App.GetAsAsync(authorization, "/")).Body,
                StringComparison.Ordinal
            );
            Assert.Equal(HttpStatusCode.OK, (await worker.App.GetAsAsync(authorization, "/metrics")).Status);
            Assert.Equal("done", (await worker.App.SendAsync("POST /act", Shown(authorization))).Body);
            Assert.StartsWith(
                "there is no request",
                (await worker.App.GetAsAsync(authorization, $"/requests/{Guid.Empty}")).Body,
                StringComparison.Ordinal
            );
        }
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
            App = await OperationsApp.StartAsync(settings: ("Operations:Key", OperationsApp.Key));

        public ValueTask DisposeAsync() => App.DisposeAsync();
    }
}
