using System.Globalization;
using System.Runtime.InteropServices;
using ImageWorker.ZpkSimulator.Api;
using ImageWorker.ZpkSimulator.Generation;

namespace ImageWorker.ZpkSimulator.Faults;

/// <summary>The faults in force for every call, and the choice of those that strike one call.</summary>
internal sealed class FaultBoard(Dice dice)
{
    private volatile Fault[] _faults = [];

    public IReadOnlyList<FaultState> States => [.. _faults.Select(fault => fault.State)];

    /// <summary>Lifts all faults and puts these in force.</summary>
    /// <exception cref="FormatException">One of the texts is not a fault; nothing has changed.</exception>
    public void Replace(IEnumerable<string> texts) => _faults = [.. texts.Select(text => Fault.Parse(text))];

    /// <summary>
    /// The faults that strike this call: latencies add up, and of those that spoil the answer the first one strikes
    /// alone, so that no count is used up unseen.
    /// </summary>
    public Strike Draw(Endpoints endpoint, Fields call, string? tag, Fault[]? promptFaults)
    {
        var strike = new Strike { Call = call };
        foreach (var fault in _faults)
            Consider(fault, endpoint, tag, ref strike);
        foreach (var fault in promptFaults ?? [])
            Consider(fault, endpoint, tag, ref strike);
        return strike;
    }

    /// <summary>What becomes of a repeated id, or null. Drawn only when there is one, for the same reason.</summary>
    public RepeatedIdAnswer? DrawRepeatedId(string? tag, Fault[]? promptFaults) =>
        DrawFirst(fault => fault.RepeatedId is not null, tag, promptFaults)?.RepeatedId;

    /// <summary>For how many seconds a submission stays unknown. Drawn only when one is accepted.</summary>
    public double DrawLateSeconds(string? tag, Fault[]? promptFaults) =>
        DrawFirst(fault => fault.Kind == FaultKind.Late, tag, promptFaults)?.Seconds ?? 0;

    private Fault? DrawFirst(Func<Fault, bool> isMeant, string? tag, Fault[]? promptFaults) =>
        _faults
            .Concat(promptFaults ?? [])
            .FirstOrDefault(fault => isMeant(fault) && fault.Concerns(Endpoints.Generate, tag) && fault.TryTake(dice));

    private void Consider(Fault fault, Endpoints endpoint, string? tag, ref Strike strike)
    {
        if (!fault.Concerns(endpoint, tag))
            return;
        switch (fault.Kind)
        {
            case FaultKind.Latency when fault.TryTake(dice):
                strike.LatencySeconds += fault.Seconds ?? 0;
                break;
            case FaultKind.Latency
            or FaultKind.Late
            or FaultKind.RepeatCharge
            or FaultKind.RepeatRefuse
            or FaultKind.RepeatSame:
                break;
            case FaultKind.UnknownRequest when endpoint == Endpoints.Generate:
                break;
            default:
                if (strike.Spoiler is null && fault.TryTake(dice))
                    strike.Spoiler = fault;
                break;
        }
    }
}

/// <summary>What strikes one call.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct Strike
{
    public double LatencySeconds;
    public Fault? Spoiler;
    public Fields? Call;

    public readonly FaultKind? Kind => Spoiler?.Kind;

    /// <summary>Whether something else is answered, without processing the call.</summary>
    public readonly bool IsInsteadOfCall => Spoiler is { ReplacesAnswer: true, After: false };

    /// <summary>Whether something else is answered although the call was processed.</summary>
    public readonly bool IsInsteadOfAnswer => Spoiler is { ReplacesAnswer: true, After: true };

    /// <summary>The <c>Retry-After</c> to send; null for none.</summary>
    public readonly string? RetryAfter =>
        SaidText(SaidFields.RetryAfter)
        ?? (Spoiler?.Seconds is { } seconds ? Math.Ceiling(seconds).ToString(CultureInfo.InvariantCulture) : null);

    /// <summary>The client gets no answer it can rely on, so it was told nothing.</summary>
    public readonly bool AnswerLost => Spoiler is not null;

    /// <summary>What is said in place of a field's own value, as JSON; null where the answer keeps it.</summary>
    public readonly byte[]? Said(string field, int? number = null) =>
        Call is null ? null : Spoiler?.Said.Json(field, number, Call);

    /// <summary>What is said outside the JSON; null where it is as ever.</summary>
    public readonly string? SaidText(string field) => Call is null ? null : Spoiler?.Said.Text(field, Call);
}
