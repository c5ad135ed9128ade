using System.Text;
using ImageWorker.Zpk;
using ImageWorker.Zpk.Wire;

namespace ImageWorker.Tests.Zpk;

/// <summary>Answers of the API; the first three are its page's own examples.</summary>
internal static class Answers
{
    public const string Submitted = """
        {
          "success": true,
          "unique_request_id": "ZPK983ujdsifoj38497",
          "images": [
            { "num": 0, "generation_status": "pending", "wait_time": "27" },
            { "num": 1, "generation_status": "pending", "wait_time": "27" }
          ],
          "cost": 0.003
        }
        """;

    public const string Refused = """
        {
          "success": false,
          "errors": [ { "id": "INVALID_PARAMETER", "message": "promt has not been set", "on": "prompt" } ]
        }
        """;

    public const string Checked = """
        {
          "success": true,
          "images": [
            {
              "num": 0, "generation_status": "generated", "wait_time": 0,
              "image_url": "https://zpk.systems/i/1.png", "cost": 0.0380
            },
            { "num": 1, "generation_status": "error", "wait_time": 0, "error_id": "GENERAL_ERROR", "cost": 0 }
          ]
        }
        """;

    public const string NotFound =
        """{"success":false,"errors":[{"id":"INVALID_PARAMETER","message":"?","on":"unique_request_id"}]}""";

    public static string Running(string waitTime) =>
        $$"""{"success":true,"images":[{"num":0,"generation_status":"generating","wait_time":{{waitTime}}}]}""";

    /// <summary>What the client reads from these bytes, sent by an API at this address.</summary>
    public static ApiAnswer? Read(byte[] utf8, string api = "https://zpk.systems")
    {
        var options = new ZpkOptions { BaseAddress = new(api), ApplicationId = ClientUnderTest.ApplicationId };
        var texts = new ServerText(options, new(ClientUnderTest.ApplicationId, ClientUnderTest.ApiKey));
        return new AnswerParser(texts, options.AccountErrorIds).Parse(utf8);
    }

    public static ApiAnswer Read(string json, string api = "https://zpk.systems") =>
        Read(Encoding.UTF8.GetBytes(json), api) ?? throw new InvalidOperationException("not read");

    /// <summary>The one image of an answer, given as its JSON.</summary>
    public static ZpkImage ReadImage(string json, string api = "https://zpk.systems") =>
        Assert.Single(Read($$"""{"images":[{{json}}]}""", api).Answer.Images);
}
