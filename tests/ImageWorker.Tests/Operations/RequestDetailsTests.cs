using ImageWorker.Operations;
using ImageWorker.Requests;

namespace ImageWorker.Tests.Operations;

public sealed class RequestDetailsTests
{
    [Fact]
    public void What_is_shown_of_a_request_acts_on_no_terminal_and_misleads_no_eye()
    {
        var request = new ImageRequest
        {
            Errors = [new("INVALID\u009b", "wrong \u001b[2J", "\u202Ecount")],
            Images = [new() { Url = "https://zpk.systems/\u2066x" }],
            Warnings = [new("UNKNOWN_FIELD", "seed\r is ignored", "seed\a")],
        };

        var cells = new RequestDetails(request, [], []).Tables().SelectMany(table => table.Rows).SelectMany(row => row);

        Assert.Superset(
            new HashSet<string>(StringComparer.Ordinal)
            {
                @"INVALID\u009b",
                @"wrong \u001b[2J",
                @"\u202ecount",
                @"https://zpk.systems/\u2066x",
                @"seed\u000d is ignored",
                @"seed\u0007",
            },
            cells.ToHashSet(StringComparer.Ordinal)
        );
    }
}
