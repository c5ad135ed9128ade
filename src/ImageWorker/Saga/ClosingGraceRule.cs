using ImageWorker.Hosting;
using ImageWorker.Requests;
using ImageWorker.Zpk;
using Microsoft.Extensions.Options;

namespace ImageWorker.Saga;

/// <summary>
/// <see cref="RequestOptions.ClosingGrace"/> must be longer than a submission's lease. A shorter one closes requests as
/// unresolved that a look-up would have settled.
/// </summary>
internal sealed class ClosingGraceRule(IOptions<ZpkOptions> zpk) : IValidateOptions<RequestOptions>
{
    public ValidateOptionsResult Validate(string? name, RequestOptions options)
    {
        TimeSpan lease;
        try
        {
            lease = SubmissionLease.Of(zpk.Value);
        }
        catch (OptionsValidationException)
        {
            // The options that have these mistakes report them.
            return ValidateOptionsResult.Skip;
        }
        return options.ClosingGrace > lease
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(
                $"{CheckedOptions.Named($"{RequestOptions.Section}:{nameof(RequestOptions.ClosingGrace)}")} must be longer than a call may be in doubt, which is {lease} by Zpk:GenerateTimeout and Zpk:SettleTime, not {options.ClosingGrace}"
            );
    }
}
