using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using ImageWorker.Hosting;

namespace ImageWorker.Commands;

/// <summary>A mistake on the command line, in words. The parser's own message names .NET types.</summary>
internal static class ArgumentMistake
{
    /// <summary>Has no number take a comma. The parser passes over it, and <c>0,5</c> would be 5.</summary>
    public static void RefuseCommas(Command command)
    {
        foreach (var option in command.Options.Where(option => IsFraction(option.ValueType)))
            option.Validators.Add(given => RefuseComma(option.Name, option.ValueType, given));
        foreach (var argument in command.Arguments.Where(argument => IsFraction(argument.ValueType)))
            argument.Validators.Add(given => RefuseComma(argument.Name, argument.ValueType, given));
        foreach (var inner in command.Subcommands)
            RefuseCommas(inner);
    }

    public static string Of(ParseError error) =>
        (error.SymbolResult, NamesType(error)) switch
        {
            (OptionResult option, true) => Named(option.Option.Name, option.Option.ValueType, option),
            (ArgumentResult argument, true) => Named(argument.Argument.Name, argument.Argument.ValueType, argument),
            _ => error.Message,
        };

    private static string Named(string name, Type type, SymbolResult given) =>
        $"{name} must be {CheckedOptions.Words(type)}, not '{given.Tokens[^1].Value}'";

    private static void RefuseComma(string name, Type type, SymbolResult given)
    {
        if (
            given.Tokens is [.., { Value: var text }]
            && text.Contains(',', StringComparison.Ordinal)
            && decimal.TryParse(text, NumberStyles.Number, CultureInfo.InvariantCulture, out _)
        )
            given.AddError(Named(name, type, given));
    }

    private static bool IsFraction(Type type) =>
        (Nullable.GetUnderlyingType(type) ?? type) is var it && (it == typeof(decimal) || it == typeof(double));

    private static bool NamesType(ParseError error) =>
        error.Message.Contains(" as expected type ", StringComparison.Ordinal);
}
