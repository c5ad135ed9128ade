using System.ComponentModel.DataAnnotations;

namespace ImageWorker.Engine;

/// <summary>Where answers may go; section <c>Replies</c>.</summary>
public sealed class ReplyOptions : IValidatableObject
{
    public const string Section = "Replies";

    /// <summary>
    /// Names of queues, where <c>*</c> stands for any characters, beside those that only live as long as a publisher's
    /// connection. Default none.
    /// </summary>
    public IList<string> Allowed { get; } = [];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Allowed.Any(string.IsNullOrWhiteSpace))
            yield return new(
                $"{Hosting.CheckedOptions.Named($"{Section}:{nameof(Allowed)}")} must name queues, such as orders-*"
            );
    }
}
