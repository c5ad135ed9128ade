using System.Runtime.Serialization;

namespace ImageWorker.Engine;

/// <summary>A message that names no request, and why it cannot be read.</summary>
public sealed class UnreadableException(string message) : SerializationException(message)
{
    /// <summary>
    /// None: it says nothing about the message, and to write it took most of the time that many of these hold up others.
    /// </summary>
    public override string? StackTrace => null;
}
