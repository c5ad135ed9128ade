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
        Strike strike
    )
    {
        var complete = strike.Kind != FaultKind.MissingFields;
        json.WriteStartObject();
        json.WriteBoolean("success"u8, value: true);
        if (generate && complete && !Says(json, "unique_request_id"u8, strike.Said("unique_request_id")))
            json.WriteString("unique_request_id"u8, submission.Id);

        var cost = 0.0000m;
        json.WriteStartArray("images"u8);
        for (var number = 0; number < submission.Num; number++)
        {
            cost += submission.CostOf(number, now, options.ChargeFailedImages);
            if (strike.Kind != FaultKind.EmptyImages)
                WriteImage(json, submission, origin, number, now, strike);
        }

        json.WriteEndArray();
        if (generate && complete && !Says(json, "cost"u8, strike.Said("total_cost")))
            json.WriteNumber("cost"u8, cost);
        json.WriteEndObject();
    }

    public void WriteImage(
        Utf8JsonWriter json,
        Submission submission,
        string origin,
        int number,
        DateTimeOffset now,
        Strike strike = default
    )
    {
        json.WriteStartObject();
        WriteImageFields(json, submission, origin, number, now, strike);
        json.WriteEndObject();
    }

    public void WriteImageFields(
        Utf8JsonWriter json,
        Submission submission,
        string origin,
        int number,
        DateTimeOffset now,
        Strike strike = default
    )
    {
        var state = submission.StateOf(number, now);
        if (!Says(json, "num"u8, strike.Said("num", number)))
            json.WriteNumber("num"u8, number);
        if (!Says(json, "generation_status"u8, strike.Said("generation_status", number)))
        {
            var status = strike.Kind == FaultKind.UnknownStatus ? UnknownStatus : state.Status;
            json.WriteString("generation_status"u8, status);
        }
        if (strike.Kind != FaultKind.MissingFields)
        {
            if (!Says(json, "wait_time"u8, strike.Said("wait_time", number)))
                WriteWait(json, state.WaitSeconds);
            if (!Says(json, "cost"u8, strike.Said("cost", number)))
                json.WriteNumber("cost"u8, submission.CostOf(number, now, options.ChargeFailedImages));
        }

        if (!Says(json, "error_id"u8, strike.Said("error_id", number)) && state.ErrorId is { } error)
            json.WriteString("error_id"u8, error);
        if (!Says(json, "image_url"u8, strike.Said("image_url", number)) && state.Generated)
            json.WriteString("image_url"u8, $"{origin}/images/{submission.Id}/{number}.png");
    }

    public static void WriteRefusal(Utf8JsonWriter json, IEnumerable<ApiError> errors, Strike strike = default)
    {
        json.WriteStartObject();
        json.WriteBoolean("success"u8, value: false);
        json.WriteStartArray("errors"u8);
        foreach (var error in errors)
        {
            json.WriteStartObject();
            if (!Says(json, "id"u8, strike.Said("id")))
                json.WriteString("id"u8, error.Id);
            if (!Says(json, "message"u8, strike.Said("message")))
                json.WriteString("message"u8, error.Message);
            if (!Says(json, "on"u8, strike.Said("on")))
                json.WriteString("on"u8, error.On);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteWait(Utf8JsonWriter json, int seconds)
    {
        if (options.WaitTimeForm == WaitTimeForm.Text)
            json.WriteString("wait_time"u8, seconds.ToString());
        else
            json.WriteNumber("wait_time"u8, seconds);
    }

    /// <summary>Writes what a fault says of a field, right or wrong; false where it says nothing.</summary>
    private static bool Says(Utf8JsonWriter json, ReadOnlySpan<byte> field, byte[]? said)
    {
        if (said is null)
            return false;
        json.WritePropertyName(field);
        json.WriteRawValue(said, skipInputValidation: true);
        return true;
    }
}
