using System.Reflection;
using Mono.Cecil;
using Mono.Cecil.Rocks;

namespace ImageWorker.Tests.Layout;

/// <summary>Which folders of an assembly use which others: in signatures, in fields and in the bodies of methods.</summary>
internal static class FolderUses
{
    private const string Root = "ImageWorker.";

    /// <summary>By folder, the folders that it uses, each with one example.</summary>
    public static IReadOnlyDictionary<string, SortedDictionary<string, string>> In(Assembly assembly)
    {
        var all = new Dictionary<string, SortedDictionary<string, string>>(StringComparer.Ordinal);
        using var module = ModuleDefinition.ReadModule(assembly.Location);
        foreach (var type in module.GetAllTypes())
        {
            if (FolderOf(type, module) is not { } folder)
                continue;
            if (!all.TryGetValue(folder, out var uses))
                all[folder] = uses = new(StringComparer.Ordinal);
            foreach (var used in Used(type).SelectMany(Parts))
            {
                if (FolderOf(used, module) is { } other && other != folder)
                    uses.TryAdd(other, $"{type.FullName} uses {used.FullName}");
            }
        }
        return all;
    }

    private static string? FolderOf(TypeReference type, ModuleDefinition module)
    {
        var outer = type;
        while (outer.DeclaringType is { } declaring)
            outer = declaring;
        return outer.Scope == module && outer.Namespace.StartsWith(Root, StringComparison.Ordinal)
            ? outer.Namespace.Split('.')[1]
            : null;
    }

    private static IEnumerable<TypeReference?> Used(TypeDefinition type)
    {
        var attributes = type
            .CustomAttributes.Concat(type.Methods.SelectMany(method => method.CustomAttributes))
            .Concat(type.Properties.SelectMany(property => property.CustomAttributes));
        return type
            .Interfaces.Select(implemented => implemented.InterfaceType)
            .Append(type.BaseType)
            .Concat(type.Fields.Select(field => field.FieldType))
            .Concat(
                type.GenericParameters.SelectMany(p => p.Constraints).Select(constraint => constraint.ConstraintType)
            )
            .Concat(attributes.Select(attribute => attribute.AttributeType))
            .Concat(type.Methods.SelectMany(Used));
    }

    private static IEnumerable<TypeReference?> Used(MethodDefinition method)
    {
        var signature = method.Parameters.Select(parameter => parameter.ParameterType).Append(method.ReturnType);
        if (!method.HasBody)
            return signature;
        var body = method.Body.Instructions.SelectMany(instruction =>
            instruction.Operand switch
            {
                TypeReference type => [type],
                FieldReference field => [field.DeclaringType, field.FieldType],
                GenericInstanceMethod call => [call.DeclaringType, call.ReturnType, .. call.GenericArguments],
                MethodReference call => [call.DeclaringType, call.ReturnType],
                _ => (IEnumerable<TypeReference?>)[],
            }
        );
        return signature.Concat(method.Body.Variables.Select(variable => variable.VariableType)).Concat(body);
    }

    /// <summary>The type itself, and those that it is made of.</summary>
    private static IEnumerable<TypeReference> Parts(TypeReference? type) =>
        type switch
        {
            null => [],
            GenericInstanceType generic => generic.GenericArguments.Append(generic.ElementType).SelectMany(Parts),
            TypeSpecification made => Parts(made.ElementType),
            _ => [type],
        };
}
