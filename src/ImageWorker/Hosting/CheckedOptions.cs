using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Options;

namespace ImageWorker.Hosting;

/// <summary>
/// Options whose mistakes stop a program. A wrong value, a value of another type or an unknown key gives one line that
/// begins with the key, as in <c>Submission:PerSecond (Submission__PerSecond) must be 0.001 to 10000, not 0</c>.
/// </summary>
public static class CheckedOptions
{
    /// <summary>Binds a section. Its keys are the properties of <typeparamref name="T"/>, and theirs in turn.</summary>
    public static void AddChecked<T>(this IServiceCollection services, string section)
        where T : class
    {
        services.AddSingleton(new CheckedSection(section));
        services.AddSingleton<IValidateOptions<T>>(new Validation<T>(section));
        services
            .AddOptions<T>()
            .Configure<IConfiguration>((_, configuration) => CheckKeys(configuration.GetSection(section), typeof(T)))
            .BindConfiguration(section)
            .ValidateOnStart();
    }

    /// <summary>Names a key as in settings files and on the command line, and as an environment variable.</summary>
    public static string Named(string key) => $"{key} ({key.Replace(":", "__", StringComparison.Ordinal)})";

    /// <summary>Without this, a mistyped key or an entry that cannot be read would silently be the default.</summary>
    private static void CheckKeys(IConfigurationSection section, Type type)
    {
        var entries = type.GetInterfaces().Append(type).FirstOrDefault(IsDictionary)?.GetGenericArguments()[1];
        foreach (var key in section.GetChildren())
        {
            if ((entries ?? PropertyOf(type, key.Key)?.PropertyType) is not { } valueType)
                throw new ConfigurationException(
                    $"{key.Path} is no setting. {section.Path} has {string.Join(", ", type.GetProperties().Select(property => property.Name))}."
                );
            if (!TypeDescriptor.GetConverter(valueType).CanConvertFrom(typeof(string)))
                CheckKeys(key, valueType);
            else if (!CanBe(valueType, key.Value))
                throw new ConfigurationException($"{Named(key.Path)} must be {Words(valueType)}, not '{key.Value}'");
        }
    }

    private static bool IsDictionary(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IDictionary<,>);

    private static PropertyInfo? PropertyOf(Type type, string name) =>
        type.GetProperties().FirstOrDefault(property => property.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static bool CanBe(Type type, string? value)
    {
        if (value is null)
            return true;
        if (value.Length == 0 && (!type.IsValueType || Nullable.GetUnderlyingType(type) is not null))
            return true;
        try
        {
            TypeDescriptor.GetConverter(type).ConvertFromInvariantString(value);
            return true;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or NotSupportedException)
        {
            return false;
        }
    }

    private static string Words(Type type) =>
        (Nullable.GetUnderlyingType(type) ?? type) switch
        {
            var it when it == typeof(bool) => "true or false",
            var it when it == typeof(TimeSpan) => "a time such as 00:00:30",
            var it when it == typeof(int) || it == typeof(long) => "a whole number",
            var it when it == typeof(double) || it == typeof(decimal) => "a number such as 0.5",
            var it when it == typeof(Uri) => "an address",
            var it => it.Name,
        };

    private sealed class Validation<T>(string section) : IValidateOptions<T>
        where T : class
    {
        public ValidateOptionsResult Validate(string? name, T options)
        {
            var failures = typeof(T).GetProperties().SelectMany(property => Failures(property, options)).ToList();
            if (options is IValidatableObject whole)
                failures.AddRange(whole.Validate(new(whole)).Select(failure => $"{failure.ErrorMessage}"));
            return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
        }

        private IEnumerable<string> Failures(PropertyInfo property, T options)
        {
            var value = property.GetValue(options);
            return property
                .GetCustomAttributes<ValidationAttribute>()
                .Where(rule => !rule.IsValid(value))
                .Select(rule => $"{Named($"{section}:{property.Name}")} {Problem(rule, value)}");
        }

        private static string? Problem(ValidationAttribute rule, object? value) =>
            rule is RangeAttribute range
                ? string.Create(
                    CultureInfo.InvariantCulture,
                    $"must be {range.Minimum} to {range.Maximum}, not {value}"
                )
                : rule.ErrorMessage;
    }
}

/// <summary>A section of settings that some feature reads.</summary>
public sealed record CheckedSection(string Name);
