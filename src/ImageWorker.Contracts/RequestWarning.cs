namespace ImageWorker.Contracts;

/// <summary>Something that the request's publisher should know, though it did not stop the request.</summary>
/// <param name="Id">
/// A constant to switch on: <c>UNKNOWN_FIELD</c> for a field of the command that was ignored. There may be others in
/// time.
/// </param>
/// <param name="Message">For people: what was noticed.</param>
/// <param name="On">What it is about, such as the field; or null.</param>
public sealed record RequestWarning(string Id, string Message, string? On);
