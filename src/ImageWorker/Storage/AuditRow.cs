namespace ImageWorker.Storage;

/// <summary>One action of an operator.</summary>
public sealed class AuditRow
{
    /// <summary>Ids in the order of time.</summary>
    public Guid Id { get; set; }

    public DateTimeOffset At { get; set; }

    /// <summary>By which name the key was shown; null for none. It proves nothing.</summary>
    public string? Operator { get; set; }

    /// <summary>What was asked for, such as <c>requests cancel</c>.</summary>
    public string Action { get; set; } = "";

    /// <summary>What it was asked of: a request, a queue, a filter.</summary>
    public string Target { get; set; } = "";

    /// <summary>The operator's reason; null for none.</summary>
    public string? Reason { get; set; }

    /// <summary>What came of it; null while it is under way, and if the worker ended in the middle of it.</summary>
    public string? Result { get; set; }
}
