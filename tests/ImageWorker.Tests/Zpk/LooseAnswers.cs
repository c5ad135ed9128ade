using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;

namespace ImageWorker.Tests.Zpk;

/// <summary>A JSON text shaped like an answer, and wrong anywhere.</summary>
public sealed record AnswerJson(string Text);

/// <summary>Makes such texts: the API's own field names, with any value under each.</summary>
public static class LooseAnswers
{
    private static readonly string[] Names =
    [
        "success",
        "errors",
        "images",
        "unique_request_id",
        "cost",
        "num",
        "generation_status",
        "wait_time",
        "error_id",
        "image_url",
        "id",
        "message",
        "on",
        "else",
    ];

    private static readonly string[] Scalars =
    [
        "null",
        "true",
        "false",
        "0",
        "-1",
        "27",
        "\"27\"",
        "0.0380",
        "1e999",
        "-1e999",
        "1E-999",
        "123456789012345678901234567890123",
        "\"pending\"",
        "\"generated\"",
        "\"\"",
        "\"\\ud800\"",
        "\"\\u0000\"",
        "\"NaN\"",
        "\"Infinity\"",
        "\"-Infinity\"",
    ];

    public static Arbitrary<AnswerJson> Json() =>
        Gen.Sized(size => Object(Math.Min(size, 4))).Select(text => new AnswerJson(text)).ToArbitrary();

    private static Gen<string> Value(int depth) =>
        depth <= 0 ? Scalar() : Gen.OneOf(Scalar(), Object(depth - 1), Array(depth - 1));

    private static Gen<string> Scalar() =>
        Gen.OneOf(
            Gen.Elements(Scalars),
            ArbMap
                .Default.GeneratorFor<double>()
                .Where(double.IsFinite)
                .Select(number => JsonSerializer.Serialize(number)),
            ArbMap.Default.GeneratorFor<string>().Select(text => JsonSerializer.Serialize(text))
        );

    private static Gen<string> Array(int depth) =>
        Value(depth).ListOf(3).Select(items => $"[{string.Join(',', items)}]");

    private static Gen<string> Object(int depth) =>
        Gen.Elements(Names)
            .Zip(Value(depth))
            .Select(field => $"\"{field.Item1}\":{field.Item2}")
            .ListOf(5)
            .Select(fields => $"{{{string.Join(',', fields)}}}");
}
