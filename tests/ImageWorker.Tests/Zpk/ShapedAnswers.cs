using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;

namespace ImageWorker.Tests.Zpk;

/// <summary>The bytes of an answer.</summary>
public sealed record AnswerBytes(byte[] Utf8)
{
    public override string ToString() => Encoding.Latin1.GetString(Utf8);
}

/// <summary>
/// Makes answers built like real ones, in which any field may hold anything, be missing or come twice, and whose
/// bytes may be damaged.
/// </summary>
public static class ShapedAnswers
{
    private const int MaxDigits = 400;

    private static readonly string[] Scalars =
    [
        "null",
        "true",
        "false",
        "0",
        "-0",
        "-1",
        "27",
        "\"27\"",
        "\" 27 \"",
        "0.0380",
        "1e999",
        "-1e999",
        "1E-999",
        "1e99999999999999999999",
        "79228162514264337593543950335",
        "79228162514264337593543950336",
        "2147483648",
        "\"\"",
        "\"NaN\"",
        "\"Infinity\"",
        "\"1e400\"",
        "\"0x10\"",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"\\u0000\"",
        "[]",
        "{}",
        "[[]]",
        "[null]",
        "{\"\":null}",
    ];

    private static readonly byte[][] Damage =
    [
        [],
        [0],
        [0xFF],
        [0xC0, 0xAF],
        [0xED, 0xA0, 0x80],
        [0xF4, 0x90, 0x80, 0x80],
        [0xE2, 0x82],
        [0xEF, 0xBB, 0xBF],
        [(byte)'"'],
        [(byte)'\\'],
        [(byte)'}'],
        [(byte)','],
    ];

    public static Arbitrary<AnswerBytes> Bytes() =>
        (
            from calm in Gen.Elements(5, 40, 400)
            from text in Root(calm)
            from bytes in Gen.Frequency((4, Gen.Constant(Encoding.UTF8.GetBytes(text))), (1, Damaged(text)))
            select new AnswerBytes(bytes)
        ).ToArbitrary();

    private static Gen<string> Root(int calm) =>
        Object(
            calm,
            ("success", Gen.Elements("true", "false", "1", "\"false\"")),
            ("unique_request_id", Gen.Elements("\"ZPK983ujdsifoj38497\"", "\"a1\"", "7")),
            ("images", List(calm, Image(calm))),
            ("errors", Gen.Frequency((4, Gen.Constant("[]")), (1, List(calm, Error(calm))))),
            ("cost", Gen.Elements("0.0380", "\"0.0380\"", "0"))
        );

    private static Gen<string> Image(int calm) =>
        Object(
            calm,
            ("num", Gen.Elements("0", "1", "\"2\"", "19")),
            ("generation_status", Gen.Elements("\"pending\"", "\"generating\"", "\"generated\"", "\"error\"")),
            ("wait_time", Gen.Elements("27", "\"27\"", "0", "1.5")),
            ("error_id", Gen.Elements("\"GENERAL_ERROR\"", "\"CONTENT_POLICY_VIOLATION\"", "null")),
            ("image_url", Gen.Elements("\"https://zpk.systems/i/1.png\"", "null")),
            ("cost", Gen.Elements("0.0380", "\"0.0380\"", "0"))
        );

    private static Gen<string> Error(int calm) =>
        Object(
            calm,
            ("id", Gen.Elements("\"INVALID_PARAMETER\"", "\"INVALID_API_KEY\"")),
            ("message", Gen.Constant("\"not set\"")),
            ("on", Gen.Elements("\"prompt\"", "\"unique_request_id\"", "null"))
        );

    // PHP writes a list with gaps as an object.
    private static Gen<string> List(int calm, Gen<string> item) =>
        from count in Gen.Choose(0, 4)
        from items in Gen.Frequency((calm, item), (1, Anything())).ListOf(count)
        from gaps in Gen.Frequency((4, Gen.Constant(false)), (1, Gen.Constant(true)))
        select gaps
            ? $"{{{string.Join(',', items.Select((text, index) => $"\"{index * 2}\":{text}"))}}}"
            : $"[{string.Join(',', items)}]";

    private static Gen<string> Object(int calm, params (string Name, Gen<string> Right)[] fields) =>
        fields
            .Select(field => Field(calm, field.Name, field.Right))
            .Aggregate(
                Gen.Constant(""),
                (written, field) =>
                    from before in written
                    from next in field
                    select before.Length > 0 && next.Length > 0 ? $"{before},{next}" : before + next
            )
            .Select(text => $"{{{text}}}");

    /// <summary>
    /// Right as often as the answer is calm; else with any value, missing, twice, or under a name that is written with
    /// an escape.
    /// </summary>
    private static Gen<string> Field(int calm, string name, Gen<string> right)
    {
        var wrong = Anything();
        return Gen.Frequency(
            (calm, right.Select(value => $"\"{name}\":{value}")),
            (3, wrong.Select(value => $"\"{name}\":{value}")),
            (1, Gen.Constant("")),
            (1, right.Zip(wrong).Select(both => $"\"{name}\":{both.Item1},\"{name}\":{both.Item2}")),
            (1, right.Select(value => $"\"\\u{(int)name[0]:x4}{name[1..]}\":{value}")),
            (1, wrong.Select(value => $"\"\\ud800{name}\":{value}"))
        );
    }

    private static Gen<string> Anything() =>
        Gen.Frequency(
            (6, Gen.Elements(Scalars)),
            (2, ArbMap.Default.GeneratorFor<string>().Select(text => JsonSerializer.Serialize(text))),
            (2, Number()),
            (1, Nested())
        );

    private static Gen<string> Number() =>
        from sign in Gen.Elements("", "-")
        from whole in Gen.Choose(1, MaxDigits)
        from fraction in Gen.Choose(0, MaxDigits)
        from power in Gen.Elements("", "e0", "e5", "E-5", "e+30", "e-400")
        from quote in Gen.Elements("", "\"")
        select $"{quote}{sign}{new string('7', whole)}{(fraction > 0 ? "." + new string('3', fraction) : "")}{power}{quote}";

    private static Gen<string> Nested() =>
        from depth in Gen.Elements(2, 50, 62, 63, 64, 65, 5000)
        from inArray in Gen.Elements(true, false)
        select inArray
            ? new string('[', depth) + new string(']', depth)
            : string.Concat(Enumerable.Repeat("{\"images\":", depth)) + "0" + new string('}', depth);

    private static Gen<byte[]> Damaged(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return from at in Gen.Choose(0, bytes.Length)
            from taken in Gen.Elements(0, 1, 2, 20, bytes.Length)
            from put in Gen.Elements(Damage)
            select (byte[])[.. bytes[..at], .. put, .. bytes[Math.Min(bytes.Length, at + taken)..]];
    }
}
