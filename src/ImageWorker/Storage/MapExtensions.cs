using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ImageWorker.Storage;

public static class MapExtensions
{
    /// <summary>
    /// Stores a property as one JSON document. Every save writes it: nearly every step edits a request's lists in
    /// place, and comparing would cost more than writing.
    /// </summary>
    public static void HasJsonConversion<T>(this PropertyBuilder<T> property, string columnType) =>
        property
            .HasConversion(
                value => JsonSerializer.Serialize(value, typeof(T), StoredJson.Default),
                json => (T)JsonSerializer.Deserialize(json, typeof(T), StoredJson.Default)!,
                new ValueComparer<T>((_, _) => false, _ => 0, value => value)
            )
            .HasColumnType(columnType);

    /// <summary>Names columns, keys and indexes as people write them in SQL.</summary>
    /// <remarks>
    /// The package EFCore.NamingConventions gives the same names, but renames the columns of EF's own history of
    /// migrations too. Databases in use have that table, and could not be migrated any more.
    /// </remarks>
    public static void UseSnakeCaseNames(this ModelBuilder modelBuilder)
    {
        foreach (var entity in modelBuilder.Model.GetEntityTypes())
        {
            foreach (var property in entity.GetProperties())
                property.SetColumnName(Snake(property.GetColumnName()));
            foreach (var key in entity.GetKeys())
                key.SetName(Snake(key.GetName()!));
            foreach (var index in entity.GetIndexes())
                index.SetDatabaseName(Snake(index.GetDatabaseName()!));
        }
    }

    private static string Snake(string name) =>
        string.Concat(
                name.Select((c, i) => char.IsUpper(c) && i > 0 && char.IsLower(name[i - 1]) ? "_" + c : c.ToString())
            )
            .ToLowerInvariant();
}
