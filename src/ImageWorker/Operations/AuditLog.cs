using System.Security.Claims;
using ImageWorker.Storage;
using ImageWorker.Zpk;
using Microsoft.EntityFrameworkCore;

namespace ImageWorker.Operations;

/// <summary>Keeps one line for each action of an operator. It is written before the action: nothing is done unseen.</summary>
public sealed class AuditLog(Database database, TimeProvider time)
{
    /// <summary>Notes the action, does it, and notes what came of it.</summary>
    /// <param name="caller">Who showed the key.</param>
    /// <param name="action">What is asked for.</param>
    /// <param name="target">What it is asked of.</param>
    /// <param name="reason">Why, in the operator's words; null for none.</param>
    /// <param name="act">Does it, and returns the answer and what came of it in words.</param>
    public async Task<IResult> NoteAsync(
        ClaimsPrincipal caller,
        string action,
        string target,
        string? reason,
        Func<Task<(IResult Answer, string Result)>> act
    )
    {
        var line = new AuditRow
        {
            Id = Guid.CreateVersion7(),
            At = time.GetUtcNow(),
            Operator = caller.Identity?.Name,
            Action = action,
            Target = Kept(target),
            Reason = reason is null ? null : Kept(reason),
        };
        await database.InAsync(db =>
        {
            db.Audit.Add(line);
            return db.SaveChangesAsync();
        });
        try
        {
            var (answer, result) = await act();
            await EndAsync(line.Id, result);
            return answer;
        }
        catch (Exception exception)
        {
            await EndAsync(line.Id, $"failed: {exception.Message}");
            throw;
        }
    }

    /// <summary>The latest lines, the latest first.</summary>
    public Task<List<AuditRow>> LatestAsync(int limit, CancellationToken ct) =>
        database.InAsync(db =>
            db.Audit.AsNoTracking()
                .OrderByDescending(row => row.At)
                .ThenByDescending(row => row.Id)
                .Take(limit)
                .ToListAsync(ct)
        );

    private Task<int> EndAsync(Guid id, string result)
    {
        var kept = Kept(result);
        return database.InAsync(db =>
            db.Audit.Where(row => row.Id == id).ExecuteUpdateAsync(row => row.SetProperty(line => line.Result, kept))
        );
    }

    private static string Kept(string text) => ShownText.Of(text, AuditRowMap.LongestText - 1);
}
