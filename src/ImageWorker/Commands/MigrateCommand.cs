using System.CommandLine;
using ImageWorker.Hosting;
using ImageWorker.Storage;

namespace ImageWorker.Commands;

/// <summary><c>ImageWorker migrate</c>: brings the database to this version's schema. Safe to repeat.</summary>
public static class MigrateCommand
{
    public static Command Create()
    {
        var createDatabase = new Option<bool>("--create-database")
        {
            Description = "Create the database first if the server has none of that name.",
        };
        var command = new Command("migrate", "Bring the database to this version's schema, then exit.")
        {
            createDatabase,
        };
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction((parsed, ct) => RunAsync(parsed, parsed.GetValue(createDatabase), ct));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, bool createsDatabase, CancellationToken ct)
    {
        var builder = CommandHost.Create(HostSettings.From(parsed));
        var postgres = Connections.PostgresFrom(builder.Configuration);
        builder.Services.AddStorage(postgres, Connections.EmbeddedDatabase, waitsForLocks: true);
        using var host = builder.Build();
        var state = host.Services.GetRequiredService<DatabaseState>();

        if (postgres is not null && !createsDatabase && await state.MissingAsync(ct) is { } missing)
        {
            await Console.Error.WriteLineAsync(
                $"ImageWorker: {missing}. Create it, or run 'ImageWorker migrate --create-database'."
            );
            return CommandLine.Failed;
        }
        var applied = await state.MigrateAsync(ct);
        Console.WriteLine(applied.Count == 0 ? "The schema is current." : $"Applied: {string.Join(", ", applied)}");
        return CommandLine.Done;
    }
}
