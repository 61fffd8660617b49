using System.Text.Json;
using Microsoft.Extensions.Logging;
using Rabbit.Client.Output;
using Xunit;

namespace Rabbit.Tests.Client.Output;

public sealed class LogFormatTests
{
    private static readonly LogEntry Entry = new(
        new DateTimeOffset(2026, 12, 1, 12, 4, 5, 678, TimeSpan.FromHours(2)), LogLevel.Warning, 8002, "db", "No tunnel: \"gone\"\nfor 1.5 s",
        [new("Reason", "\"gone\"\n"), new("RetrySeconds", 1.5), new("Port", 7), new("Missing", null), new("Outcome", LogLevel.Error), new("{OriginalFormat}", "No tunnel")],
        Exception: null);

    [Fact]
    public void Text_Entry_IsOneLineForPeople() =>
        Assert.Equal("12:04:05 warn: [db] No tunnel: \"gone\" for 1.5 s", LogText.Format(Entry));

    [Fact]
    public void Json_Entry_IsOneObjectOnOneLineWithItsValues()
    {
        string line = LogJson.Format(Entry with { Exception = new InvalidOperationException("a\nb") });
        Assert.DoesNotContain('\n', line);
        JsonElement json = JsonDocument.Parse(line).RootElement;
        Assert.Equal("2026-12-01T10:04:05.678Z", json.GetProperty("time").GetString());
        Assert.Equal("warning", json.GetProperty("level").GetString());
        Assert.Equal(8002, json.GetProperty("event").GetInt32());
        Assert.Equal("db", json.GetProperty("tunnel").GetString());
        Assert.Equal(Entry.Message, json.GetProperty("message").GetString());
        Assert.Equal(1.5, json.GetProperty("retry_seconds").GetDouble());
        Assert.Equal(7, json.GetProperty("port").GetInt32());
        Assert.Equal(JsonValueKind.Null, json.GetProperty("missing").ValueKind);
        Assert.Equal("error", json.GetProperty("outcome").GetString());
        Assert.StartsWith("System.InvalidOperationException: a\nb", json.GetProperty("exception").GetString(), StringComparison.Ordinal);
        Assert.Equal(11, json.EnumerateObject().Count());
    }
}
