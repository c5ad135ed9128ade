using System.ComponentModel;
using System.Globalization;
using System.Reflection;

namespace ImageWorker.Operations.Api;

/// <summary>
/// Says what is wrong with a call that no endpoint takes, and what to do. A parameter that an endpoint does not know would
/// else be left out without a word, and a list come unfiltered.
/// </summary>
internal static class AskedWell
{
    private const string SeeDocument = "See /openapi.json.";

    /// <summary>Adds it to every endpoint of the group.</summary>
    public static RouteGroupBuilder RefuseWhatIsUnknown(this RouteGroupBuilder api)
    {
        api.AddEndpointFilterFactory(
            (factory, next) =>
            {
                var known = ParametersOf(factory.MethodInfo.GetParameters())
                    .ToDictionary(
                        parameter => parameter.Name,
                        parameter => parameter.Type,
                        StringComparer.OrdinalIgnoreCase
                    );
                return async context =>
                    ProblemOf(context.HttpContext, known) is { } problem ? ApiProblem.Of(problem) : await next(context);
            }
        );
        return api;
    }

    /// <summary>Has answers without a body say what to do.</summary>
    public static void UseApiProblems(this IApplicationBuilder app) =>
        app.UseWhen(
            http => http.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase),
            api =>
                api.UseStatusCodePages(context =>
                {
                    var http = context.HttpContext;
                    return DetailOf(http) is { } detail
                        ? ApiProblem.Of($"{detail} {SeeDocument}", http.Response.StatusCode).ExecuteAsync(http)
                        : Task.CompletedTask;
                })
        );

    private static string? DetailOf(HttpContext http) =>
        http.Response.StatusCode switch
        {
            StatusCodes.Status400BadRequest =>
                "What was sent cannot be read: a body is the JSON that this address takes.",
            StatusCodes.Status404NotFound => "There is nothing at this address; an id in it is a whole UUID.",
            StatusCodes.Status405MethodNotAllowed => $"This address does not take {http.Request.Method}.",
            StatusCodes.Status415UnsupportedMediaType => "Send JSON, with the header 'Content-Type: application/json'.",
            _ => null,
        };

    private static string? ProblemOf(HttpContext http, IReadOnlyDictionary<string, Type> known)
    {
        foreach (var (name, values) in http.Request.Query)
        {
            if (!known.TryGetValue(name, out var type))
                return $"There is no parameter '{name}' here: write "
                    + (known.Count == 0 ? "none." : $"{string.Join(", ", known.Keys)}. {SeeDocument}");
            foreach (var value in values)
            {
                if (!IsOf(type, value))
                    return $"{name} is '{value}': write {WordFor(type)}.";
            }
        }
        return null;
    }

    /// <summary>What a query may name: the simple ones, those of <see cref="AsParametersAttribute"/> too.</summary>
    private static IEnumerable<(string Name, Type Type)> ParametersOf(IEnumerable<ParameterInfo> parameters) =>
        parameters
            .SelectMany(parameter =>
                parameter.IsDefined(typeof(AsParametersAttribute))
                    ? parameter.ParameterType.GetProperties().Select(each => (Name(each.Name), each.PropertyType))
                    : [(parameter.Name!, parameter.ParameterType)]
            )
            .Select(parameter => (parameter.Item1, Nullable.GetUnderlyingType(parameter.Item2) ?? parameter.Item2))
            .Where(parameter => WordFor(parameter.Item2) is not null);

    private static string Name(string property) => char.ToLowerInvariant(property[0]) + property[1..];

    private static string? WordFor(Type type) =>
        type == typeof(string) ? "a text without a NUL"
        : type == typeof(int) ? "a whole number"
        : type == typeof(decimal) ? "a number"
        : type == typeof(bool) ? "true or false"
        : null;

    private static bool IsOf(Type type, string? value) =>
        type == typeof(string)
            ? value?.Contains('\0', StringComparison.Ordinal) is not true
            : TypeDescriptor.GetConverter(type).IsValidIn(value);

    private static bool IsValidIn(this TypeConverter converter, string? value)
    {
        try
        {
            return converter.ConvertFromString(null, CultureInfo.InvariantCulture, value!) is not null;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or NotSupportedException)
        {
            return false;
        }
    }
}
