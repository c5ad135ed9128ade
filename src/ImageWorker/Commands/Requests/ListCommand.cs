using System.CommandLine;
using ImageWorker.Contracts;
using ImageWorker.Operations;
using ImageWorker.Requests;
using ImageWorker.Zpk;

namespace ImageWorker.Commands.Requests;

/// <summary><c>requests list</c>: open requests by age, then closed ones, the latest first.</summary>
internal static class ListCommand
{
    public static Command Create()
    {
        var state = new Option<string?>("--state") { Description = "Only these: 'open' is all that are not closed." };
        AcceptOnly(state, RequestSearch.States, StringComparer.OrdinalIgnoreCase);
        var outcome = new Option<string?>("--outcome") { Description = "Only closed ones that ended so." };
        AcceptOnly(outcome, RequestOutcome.All, StringComparer.OrdinalIgnoreCase);
        var older = AgeOption.Create("--older-than", "Only those whose command came longer ago: 90s, 15m, 12h, 7d.");
        var newer = AgeOption.Create("--newer-than", "Only those whose command came since: 90s, 15m, 12h, 7d.");
        var tenant = new Option<string?>("--tenant")
        {
            Description =
                $"Only those that take the turns of this tenant; {RequestTurns.NoTenant} for those that name none.",
        };
        tenant.Validators.Add(result =>
        {
            if (
                result.Tokens is [{ Value: var name }]
                && name != RequestTurns.NoTenant
                && !CommandRules.IsTenantName(name)
            )
                result.AddError($"--tenant is '{name}', {CommandRules.TenantNames}");
        });
        var priority = new Option<string?>("--priority") { Description = "Only those of this priority." };
        AcceptOnly(priority, RequestTurns.Priorities, StringComparer.Ordinal);
        var id = new Option<RequestIdText?>("--id")
        {
            Description = "Only those whose ids begin so.",
            HelpName = "ID",
            CustomParser = result => RequestsCommand.IdOf(result),
        };
        var model = new Option<string?>("--model") { Description = "Only those of this model." };
        AcceptOnly(model, ImageModel.All, StringComparer.Ordinal);
        var metadata = new Option<string?>("--metadata")
        {
            Description = "Only those whose metadata has this value under the key Operations:SearchableMetadata.",
        };
        var error = new Option<string?>("--error")
        {
            Description = "Only closed ones with an image that ended with this error, such as GENERAL_ERROR.",
        };
        var minCost = new Option<decimal?>("--min-cost")
        {
            Description = "Only closed ones that cost so many EUR or more.",
        };
        var maxCost = new Option<decimal?>("--max-cost")
        {
            Description = "Only closed ones that cost so many EUR or less.",
        };
        var limit = new Option<int>("--limit") { Description = "How many at most.", DefaultValueFactory = _ => 50 };
        limit.Validators.Add(result =>
        {
            if (
                result.Tokens.Count == 1
                && int.TryParse(result.Tokens[0].Value, out var given)
                && given is < 1 or > 10_000
            )
                result.AddError("--limit must be from 1 to 10000.");
        });
        var json = RequestsCommand.JsonOption();
        var command = new Command("list", "List requests.")
        {
            state,
            outcome,
            older,
            newer,
            tenant,
            priority,
            id,
            model,
            metadata,
            error,
            minCost,
            maxCost,
            limit,
            json,
        };
        command.SetAction(
            (parsed, ct) =>
                OperatorSession.RunAsync(
                    session =>
                        ListAsync(
                            session,
                            new(
                                parsed.GetValue(state),
                                parsed.GetValue(outcome),
                                Ago(session, parsed.GetValue(newer)),
                                Ago(session, parsed.GetValue(older)),
                                parsed.GetValue(tenant),
                                RequestTurns.PriorityOf(parsed.GetValue(priority)),
                                parsed.GetValue(limit)
                            )
                            {
                                Id = parsed.GetValue(id),
                                Model = parsed.GetValue(model),
                                Metadata = session.Searched(parsed.GetValue(metadata)),
                                Error = parsed.GetValue(error),
                                MinCost = parsed.GetValue(minCost),
                                MaxCost = parsed.GetValue(maxCost),
                            },
                            parsed.GetValue(json),
                            ct
                        ),
                    ct
                )
        );
        return command;
    }

    private static void AcceptOnly(Option<string?> option, IReadOnlyCollection<string> words, StringComparer comparer)
    {
        option.CompletionSources.Add([.. words]);
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var given }] && !words.Contains(given, comparer))
                result.AddError($"{option.Name} must be one of {string.Join(", ", words)}, not '{given}'");
        });
    }

    private static async Task<int> ListAsync(
        OperatorSession session,
        RequestSearch search,
        bool json,
        CancellationToken ct
    )
    {
        var found = await session.InDatabaseAsync(db => search.FindAsync(db, ct));
        if (search.IncludesOpen)
        {
            var waiting = await session.WaitingInFileAsync(search.Limit, ct);
            found =
            [
                .. waiting
                    .Where(entry => search.Matches(entry.Command, entry.At, session.Searchable))
                    .Select(entry => Sent(entry.Command, entry.At))
                    .Concat(found)
                    .Take(search.Limit),
            ];
            if (await session.WaitingInBrokerAsync(ct) is { } more)
                await Console.Error.WriteLineAsync(more);
        }
        var now = session.Time.GetUtcNow();
        if (json)
            Printed.Json(found);
        else
            Printed.Table(
                Readable.Count(found.Count, "request"),
                ["Request", "State", "Outcome", "Images", "Cost, EUR", "Age", "Due in", "Took"],
                found.Select(request =>
                    (IReadOnlyList<string>)
                        [
                            $"{request.Id}",
                            request.State,
                            request.Outcome ?? "",
                            $"{request.Generated} of {request.Images}",
                            Readable.Cost(request.Cost),
                            Readable.Span(now - request.RequestedAt),
                            request.DueAt is { } due ? Readable.Span(due - now) : "",
                            request.ClosedAt is { } closed ? Readable.Span(closed - request.RequestedAt) : "",
                        ]
                )
            );
        return CommandLine.Done;
    }

    /// <summary>As the row of a request that is none yet.</summary>
    private static RequestSummary Sent(GenerateImages command, DateTimeOffset at) =>
        new(
            command.RequestId,
            nameof(Sent),
            Outcome: null,
            command.Count,
            Generated: 0,
            Cost: 0,
            at,
            DueAt: null,
            ClosedAt: null,
            command.Tenant ?? RequestTurns.NoTenant,
            command.Priority
        );

    private static DateTimeOffset? Ago(OperatorSession session, TimeSpan? age) => session.Time.GetUtcNow() - age;
}
