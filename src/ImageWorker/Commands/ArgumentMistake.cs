using System.CommandLine.Parsing;
using ImageWorker.Hosting;

namespace ImageWorker.Commands;

/// <summary>A mistake on the command line, in words. The parser's own message names .NET types.</summary>
internal static class ArgumentMistake
{
    public static string Of(ParseError error) =>
        (error.SymbolResult, NamesType(error)) switch
        {
            (OptionResult option, true) => Named(option.Option.Name, option.Option.ValueType, option),
            (ArgumentResult argument, true) => Named(argument.Argument.Name, argument.Argument.ValueType, argument),
            _ => error.Message,
        };

    private static string Named(string name, Type type, SymbolResult given) =>
        $"{name} must be {CheckedOptions.Words(type)}, not '{given.Tokens[^1].Value}'";

    private static bool NamesType(ParseError error) =>
        error.Message.Contains(" as expected type ", StringComparison.Ordinal);
}
