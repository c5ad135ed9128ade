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
}
