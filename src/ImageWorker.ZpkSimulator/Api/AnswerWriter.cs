using System.Text.Json;
using ImageWorker.ZpkSimulator.Faults;
using ImageWorker.ZpkSimulator.Generation;

namespace ImageWorker.ZpkSimulator.Api;

/// <summary>The API's JSON, spoiled where a fault asks for it.</summary>
internal sealed class AnswerWriter(SimulatorOptions options)
{
    private const string UnknownStatus = "waiting_for_moderation";

    /// <summary>The whole answer of either endpoint; only a generate answer has the id and the total cost.</summary>
    public void Write(
        Utf8JsonWriter json,
        Submission submission,
        string origin,
        bool generate,
        DateTimeOffset now,
        FaultKind? spoiler
    )
    {
        var complete = spoiler != FaultKind.MissingFields;
        json.WriteStartObject();
        json.WriteBoolean("success"u8, value: true);
        if (generate && complete)
            json.WriteString("unique_request_id"u8, submission.Id);

        var cost = 0.0000m;
        json.WriteStartArray("images"u8);
        for (var number = 0; number < submission.Num; number++)
        {
            cost += submission.CostOf(number, now, options.ChargeFailedImages);
            if (spoiler != FaultKind.EmptyImages)
                WriteImage(json, submission, origin, number, now, spoiler);
        }

        json.WriteEndArray();
        if (generate && complete)
            json.WriteNumber("cost"u8, cost);
        json.WriteEndObject();
    }

    public void WriteImage(
        Utf8JsonWriter json,
        Submission submission,
        string origin,
        int number,
        DateTimeOffset now,
        FaultKind? spoiler = null
    )
    {
        json.WriteStartObject();
        WriteImageFields(json, submission, origin, number, now, spoiler);
        json.WriteEndObject();
    }

    public void WriteImageFields(
        Utf8JsonWriter json,
        Submission submission,
        string origin,
        int number,
        DateTimeOffset now,
        FaultKind? spoiler = null
    )
    {
        var state = submission.StateOf(number, now);
        json.WriteNumber("num"u8, number);
        json.WriteString("generation_status"u8, spoiler == FaultKind.UnknownStatus ? UnknownStatus : state.Status);
        if (spoiler != FaultKind.MissingFields)
        {
            if (options.WaitTimeForm == WaitTimeForm.Text)
                json.WriteString("wait_time"u8, state.WaitSeconds.ToString());
            else
                json.WriteNumber("wait_time"u8, state.WaitSeconds);
            json.WriteNumber("cost"u8, submission.CostOf(number, now, options.ChargeFailedImages));
        }

        if (state.ErrorId is { } error)
            json.WriteString("error_id"u8, error);
        if (state.Generated)
            json.WriteString("image_url"u8, $"{origin}/images/{submission.Id}/{number}.png");
    }

    public static void WriteRefusal(Utf8JsonWriter json, IEnumerable<ApiError> errors)
    {
        json.WriteStartObject();
        json.WriteBoolean("success"u8, value: false);
        json.WriteStartArray("errors"u8);
        foreach (var error in errors)
        {
            json.WriteStartObject();
            json.WriteString("id"u8, error.Id);
            json.WriteString("message"u8, error.Message);
            json.WriteString("on"u8, error.On);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
