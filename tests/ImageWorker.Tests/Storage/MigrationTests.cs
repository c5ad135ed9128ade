using ImageWorker.Storage;
using Microsoft.EntityFrameworkCore;

namespace ImageWorker.Tests.Storage;

public sealed class MigrationTests
{
    [Fact]
    public void Every_change_of_the_model_has_its_migration_for_PostgreSQL()
    {
        using var db = new PostgresContextFactory().CreateDbContext([]);

        Assert.False(db.Database.HasPendingModelChanges(), "dotnet ef migrations add NAME --context PostgresContext");
    }

    [Fact]
    public void Every_change_of_the_model_has_its_migration_for_SQLite()
    {
        using var db = new SqliteContextFactory().CreateDbContext([]);

        Assert.False(db.Database.HasPendingModelChanges(), "dotnet ef migrations add NAME --context SqliteContext");
    }
}
