namespace ImageWorker.IntegrationTests.Requests;

/// <summary>A body that was made at random. It is closed under its id, or kept in the error queue.</summary>
/// <param name="RequestId">Its id.</param>
/// <param name="IsNamed">True if the id can be read.</param>
/// <param name="Body">The body.</param>
internal sealed record RandomCommand(Guid RequestId, bool IsNamed, string Body);

/// <summary>Commands of all kinds, each with a request id of its own.</summary>
internal sealed class RandomCommands(int seed)
{
    private static readonly string[] Fields =
    [
        "prompt",
        "count",
        "model",
        "quality",
        "style",
        "resolution",
        "uniqueGuard",
        "timeoutSeconds",
        "priority",
        "tenant",
        "startWithinSeconds",
        "maxCost",
        "progress",
        "metadata",
        "somethingElse",
    ];

    private static readonly string[] Strange =
    [
        "null",
        "true",
        "\"\"",
        "\"x\"",
        "\"7\"",
        "[]",
        "{}",
        "[[[[[1]]]]]",
        "-1",
        "0",
        "1.5",
        "1e999",
        "99999999999999999999999",
        "-79228162514264337593543950336",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"'; DROP TABLE requests; --\"",
        "{\"a\":null,\"\\u0000\":\"\\u0000\",\"\\ud83e\\udd8a\":\"\"}",
        "{\"a\":{\"b\":1}}",
    ];

    private readonly Random _random = new(seed);

    public RandomCommand Next() =>
        _random.Next(10) switch
        {
            < 5 => AgainstTheRules(),
            < 9 => WithStrangeFields(),
            _ => Broken(),
        };

    private RandomCommand AgainstTheRules()
    {
        var id = NextId();
        var (count, timeout, length) = (_random.Next(-30, 30), _random.Next(-100, 100), _random.Next(6000));
        // Nothing is to be paid for thousands of pictures: at least the model is wrong.
        var body =
            $$"""{"requestId":"{{id}}","prompt":"{{Text(length)}}","count":{{count}},"timeoutSeconds":{{timeout}},"model":"{{Text(5)}}"}""";
        return new(id, IsNamed: true, body);
    }

    private RandomCommand WithStrangeFields()
    {
        var id = NextId();
        var fields = Fields
            .Where(_ => _random.Next(3) == 0)
            .Select(field => $"\"{field}\":{Strange[_random.Next(Strange.Length)]}")
            .Append("\"model\":\"none\"")
            .Append($"\"requestId\":\"{id}\"")
            .ToArray();
        _random.Shuffle(fields);
        return new(id, IsNamed: true, $"{{{string.Join(',', fields)}}}");
    }

    private RandomCommand Broken()
    {
        var whole = AgainstTheRules();
        var end = _random.Next(whole.Body.Length);
        var isNamed = end >= whole.Body.IndexOf(',', StringComparison.Ordinal);
        return whole with { IsNamed = isNamed, Body = whole.Body[..end] };
    }

    private Guid NextId()
    {
        var bytes = new byte[16];
        _random.NextBytes(bytes);
        return new(bytes);
    }

    // Latin, Greek, Cyrillic, and what lies between them; no control characters, no quotes, no backslash.
    private string Text(int length) =>
        string.Create(
            length,
            _random,
            static (text, random) =>
            {
                foreach (ref var letter in text)
                {
                    letter = random.Next(8) == 0 ? (char)random.Next(0xA1, 0x500) : (char)random.Next('a', 'z' + 1);
                }
            }
        );
}
