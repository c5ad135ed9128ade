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
        services.AddSingleton(new CheckedSection(section, typeof(T)));
        services.AddSingleton<IValidateOptions<T>>(new Validation<T>(section));
        services
            .AddOptions<T>()
            .Configure<IConfiguration>((_, configuration) => CheckKeys(configuration.GetSection(section), typeof(T)))
            .BindConfiguration(section)
            .PostConfigure<IConfiguration>(
                (options, configuration) => AddWords(configuration.GetSection(section), options)
            )
            .ValidateOnStart();
    }

    /// <summary>Reads one key, with those below it, for a section whose keys are not known beforehand.</summary>
    /// <exception cref="ConfigurationException">A wrong value, or an unknown key.</exception>
    public static T Read<T>(IConfigurationSection key)
        where T : new()
    {
        CheckKey(key, typeof(T));
        var read = key.Get<T>() ?? new();
        AddWords(key, read);
        return Failures(key.Path, read).FirstOrDefault() is { } failure
            ? throw new ConfigurationException(failure)
            : read;
    }

    /// <summary>Names a key as in settings files and on the command line, and as an environment variable.</summary>
    public static string Named(string key) => $"{key} ({key.Replace(":", "__", StringComparison.Ordinal)})";

    /// <summary>Without this, a mistyped key or an entry that cannot be read would silently be the default.</summary>
    private static void CheckKeys(IConfigurationSection section, Type type)
    {
        foreach (var key in section.GetChildren())
        {
            if ((EntriesOf(type) ?? PropertyOf(type, key.Key)?.PropertyType) is not { } valueType)
                throw new ConfigurationException(
                    $"{key.Path} is no setting. {section.Path} has {string.Join(", ", type.GetProperties().Select(property => property.Name))}."
                );
            CheckKey(key, valueType);
        }
    }

    private static void CheckKey(IConfigurationSection key, Type type)
    {
        if (TypeDescriptor.GetConverter(type).CanConvertFrom(typeof(string)))
        {
            if (!CanBe(type, key.Value))
                throw new ConfigurationException($"{Named(key.Path)} must be {Words(type)}, not '{key.Value}'");
            if (key.GetChildren().Any())
                throw new ConfigurationException($"{Named(key.Path)} must be {Words(type)}, with no keys below it");
            return;
        }
        if (!string.IsNullOrEmpty(key.Value) && !IsWords(type))
            throw new ConfigurationException($"{Named(key.Path)} takes no value, the keys below it do");
        CheckKeys(key, type);
    }

    /// <summary>The type of a dictionary's or a list's entries, whose keys are free; null for another type.</summary>
    private static Type? EntriesOf(Type type) =>
        type.GetInterfaces().Append(type).FirstOrDefault(HasEntries)?.GetGenericArguments()[^1];

    private static bool HasEntries(Type type) =>
        type.IsGenericType
        && (
            type.GetGenericTypeDefinition() == typeof(IDictionary<,>)
            || type.GetGenericTypeDefinition() == typeof(IList<>)
        );

    private static bool IsWords(Type type) => type == typeof(IList<string>);

    /// <summary>Adds the words of a list that stand in one value, with commas between them.</summary>
    private static void AddWords(IConfigurationSection section, object options)
    {
        foreach (var property in options.GetType().GetProperties().Where(property => IsWords(property.PropertyType)))
        {
            var list = (IList<string>)property.GetValue(options)!;
            foreach (var word in section[property.Name]?.Split(',', StringSplitOptions.TrimEntries) ?? [])
                list.Add(word);
        }
    }

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

    /// <summary>What a value of the type is, in words.</summary>
    public static string Words(Type type) =>
        (Nullable.GetUnderlyingType(type) ?? type) switch
        {
            var it when it == typeof(bool) => "true or false",
            var it when it == typeof(TimeSpan) => "a time such as 00:00:30",
            var it when it == typeof(int) || it == typeof(long) => "a whole number",
            var it when it == typeof(double) || it == typeof(decimal) => "a number such as 0.5",
            var it when it == typeof(Uri) => "an address",
            var it when it == typeof(string) => "a text",
            var it when it == typeof(Guid) => "a UUID such as 7c2e69a7-33b5-4c4d-aae5-b19acb00ab8f",
            var it => it.Name,
        };

    private sealed class Validation<T>(string section) : IValidateOptions<T>
        where T : class
    {
        public ValidateOptionsResult Validate(string? name, T options)
        {
            var failures = Failures(section, options).ToList();
            return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
        }
    }

    private static IEnumerable<string> Failures(string section, object options)
    {
        var failures =
            from property in options.GetType().GetProperties()
            let value = property.GetValue(options)
            from rule in property.GetCustomAttributes<ValidationAttribute>()
            where !rule.IsValid(value)
            select $"{Named($"{section}:{property.Name}")} {Problem(rule, value)}";
        return options is IValidatableObject whole
            ? failures.Concat(whole.Validate(new(whole)).Select(failure => $"{failure.ErrorMessage}"))
            : failures;
    }

    private static string? Problem(ValidationAttribute rule, object? value) =>
        rule is RangeAttribute range
            ? string.Create(CultureInfo.InvariantCulture, $"must be {range.Minimum} to {range.Maximum}, not {value}")
            : rule.ErrorMessage;
}

/// <summary>A section of settings that some feature reads.</summary>
public sealed record CheckedSection(string Name, Type Options);
