using System.CommandLine;
using ImageWorker.Hosting;
using ImageWorker.Storage;

namespace ImageWorker.Commands;

/// <summary><c>ImageWorker migrate</c>: brings the database to this version's schema. Safe to repeat.</summary>
public static class MigrateCommand
{
    public static Command Create()
    {
        var command = new Command("migrate", "Bring the database to this version's schema, then exit.");
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken ct)
    {
        var builder = CommandHost.Create(HostSettings.From(parsed));
        builder.Services.AddStorage(Connections.From(builder.Configuration).Postgres, Connections.EmbeddedDatabase);
        using var host = builder.Build();

        try
        {
            var applied = await host.Services.GetRequiredService<DatabaseState>().MigrateAsync(ct);
            Console.WriteLine(applied.Count == 0 ? "The schema is current." : $"Applied: {string.Join(", ", applied)}");
            return CommandLine.Done;
        }
        catch (System.Data.Common.DbException exception)
        {
            await Console.Error.WriteLineAsync(
                $"ImageWorker: the database could not be migrated: {exception.GetBaseException().Message}"
            );
            return CommandLine.Failed;
        }
    }
}
