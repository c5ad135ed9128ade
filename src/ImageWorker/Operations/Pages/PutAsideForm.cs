using ImageWorker.Engine;
using ImageWorker.Operations.Api;

namespace ImageWorker.Operations.Pages;

/// <summary>The filter of the page of messages that were put aside, as its form sends it.</summary>
/// <param name="Request">The request; null for any.</param>
/// <param name="Reason">A part of the reason; null for any.</param>
/// <param name="WithPrompts">Whether prompts are shown.</param>
public sealed record PutAsideForm(string? Request, string? Reason, bool WithPrompts)
{
    private readonly Guid? _request = Guid.TryParse(Request, out var id) ? id : null;

    /// <summary>What is wrong with it; null for nothing.</summary>
    public string? Problem => Request is not null && _request is null ? $"request is '{Request}': write a UUID." : null;

    /// <summary>What messages must have; null for nothing.</summary>
    public PutAsideFilter? Filter => _request is null && Reason is null ? null : new(_request, Reason);

    public static PutAsideForm Read(IQueryCollection query)
    {
        return new(Of("request"), Of("reason"), query["prompt"] == "shown");

        string? Of(string name) => query[name].ToString().Trim() is { Length: > 0 } text ? text : null;
    }

    public bool Fits(ErrorQueueMessage message) => Filter?.Fits(message) is not false;
}
