namespace ImageWorker.Benchmarks.Chaos;

/// <summary>What commands, events and the simulator's ledger say, side by side.</summary>
public sealed record ChaosReport
{
    public required ChaosPlan Plan { get; init; }

    /// <summary>Distinct request ids published, the faulty ones included.</summary>
    public required int Commands { get; init; }

    /// <summary>Commands published again under the same id.</summary>
    public required int Duplicates { get; init; }

    public required int Closed { get; init; }

    /// <summary>Requests without a closing event.</summary>
    public required int Lost { get; init; }

    /// <summary>Requests with closing events of more than one message id.</summary>
    public required int ClosedTwice { get; init; }

    /// <summary>Images for which exactly one charge each is right: those first asked for, and those resent.</summary>
    public required long ChargesWanted { get; init; }

    public required long ChargesMade { get; init; }

    /// <summary>Submissions that ZPK charged more than once under one id.</summary>
    public required long PaidTwice { get; init; }

    /// <summary>Requests whose events and ledger name different submissions or costs.</summary>
    public required int Misreported { get; init; }

    /// <summary>Requests that said they could not find out.</summary>
    public required int Unresolved { get; init; }

    /// <summary>Bodies that are no JSON, and those of them that were kept in the error queue.</summary>
    public required int Unreadable { get; init; }

    public required int Kept { get; init; }

    /// <summary>Places where a secret of the workers was found: logs, events, error queues, database.</summary>
    public required IReadOnlyList<string> SecretsFound { get; init; }

    /// <summary>What the workers' logs say of errors in the program.</summary>
    public required IReadOnlyList<string> OwnFaults { get; init; }

    /// <summary>How often each act was done.</summary>
    public required IReadOnlyDictionary<ChaosAct, int> Acts { get; init; }

    public required double Seconds { get; init; }

    public bool IsSound =>
        Lost == 0
        && ClosedTwice == 0
        && PaidTwice == 0
        && Misreported == 0
        && ChargesMade == ChargesWanted
        && Kept == Unreadable
        && SecretsFound.Count == 0
        && OwnFaults.Count == 0;

    public void Print()
    {
        foreach (var place in SecretsFound)
            Console.WriteLine($"a secret is in {place}");
        foreach (var fault in OwnFaults)
            Console.WriteLine(fault);
        Console.WriteLine($"seed {Plan.Seed}, {Plan.Replicas} replicas: {(IsSound ? "sound" : "NOT SOUND")}");
        (string Name, object Value)[] columns =
        [
            ("commands", Commands),
            ("duplicates", Duplicates),
            ("closed", Closed),
            ("lost", Lost),
            ("closed twice", ClosedTwice),
            ("charges wanted", ChargesWanted),
            ("charges made", ChargesMade),
            ("paid twice", PaidTwice),
            ("misreported", Misreported),
            ("unresolved", Unresolved),
            ("unreadable", Unreadable),
            ("kept", Kept),
            ("secrets found", SecretsFound.Count),
            ("own faults", OwnFaults.Count),
            .. Acts.Select(act => (ChaosCommand.NameOf(act.Key), (object)act.Value)),
            ("seconds", Math.Round(Seconds)),
        ];
        Console.WriteLine($"| {string.Join(" | ", columns.Select(column => column.Name))} |");
        Console.WriteLine($"|{string.Concat(columns.Select(_ => "---|"))}");
        Console.WriteLine($"| {string.Join(" | ", columns.Select(column => column.Value))} |");
    }
}
