namespace ImageWorker.ZpkSimulator.Api;

/// <summary>How <c>wait_time</c> is written.</summary>
public enum WaitTimeForm
{
    /// <summary>A JSON string, as in the API page's example: <c>"27"</c>.</summary>
    Text,

    /// <summary>A JSON number, as the API page's table says: <c>27</c>.</summary>
    Number,
}

/// <summary>What a generate call under an id already used does.</summary>
public enum RepeatedIdAnswer
{
    /// <summary>Charges again and starts anew; the ledger counts the repeat.</summary>
    ChargeAgain,

    /// <summary>Refuses with INVALID_PARAMETER on <c>unique_request_id</c>; nothing is charged.</summary>
    Refuse,

    /// <summary>Answers as check-status would; nothing is charged.</summary>
    ReturnSame,
}

/// <summary>How check-status answers an id that it does not know.</summary>
public enum UnknownRequestAnswer
{
    /// <summary>HTTP 200 with an <c>errors</c> array, <c>on</c> being <c>unique_request_id</c>.</summary>
    Errors,

    /// <summary>HTTP 404 with an HTML page.</summary>
    NotFound,

    /// <summary>HTTP 200 with <c>{"success":false}</c> and nothing else.</summary>
    SuccessFalse,
}
