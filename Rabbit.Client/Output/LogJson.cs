using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Rabbit.Client.Output;

/// <summary>Log lines for programs: one JSON object each, with what the message speaks of as fields of its own.</summary>
internal static class LogJson
{
    // The text goes into no HTML.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Format(in LogEntry entry)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(buffer, Options);
        json.WriteStartObject();
        json.WriteString("time", entry.Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        json.WriteString("level", Word(entry.Level));
        json.WriteNumber("event", entry.Event);
        if (entry.Tunnel is not null)
            json.WriteString("tunnel", entry.Tunnel);
        json.WriteString("message", entry.Message);
        foreach (var (name, value) in entry.Values ?? [])
        {
            // The message's template is the event's, which has its number.
            if (name != "{OriginalFormat}")
                Write(json, JsonNamingPolicy.SnakeCaseLower.ConvertName(name), value);
        }
        if (entry.Exception is not null)
            json.WriteString("exception", entry.Exception.ToString());
        json.WriteEndObject();
        json.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter json, string name, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNull(name);
                break;
            case int number:
                json.WriteNumber(name, number);
                break;
            case long number:
                json.WriteNumber(name, number);
                break;
            case ulong number:
                json.WriteNumber(name, number);
                break;
            case double number:
                json.WriteNumber(name, Math.Round(number, 3));
                break;
            case bool flag:
                json.WriteBoolean(name, flag);
                break;
            case Enum word:
                json.WriteString(name, JsonNamingPolicy.SnakeCaseLower.ConvertName(word.ToString()));
                break;
            default:
                json.WriteString(name, Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
        }
    }

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "debug",
        LogLevel.Warning => "warning",
        LogLevel.Error or LogLevel.Critical => "error",
        _ => "info",
    };
}
