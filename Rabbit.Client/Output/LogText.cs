using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Rabbit.Client.Output;

/// <summary>Log lines for people: <c>12:04:05 warn: [db] No tunnel: ...</c>.</summary>
internal static class LogText
{
    public static string Format(in LogEntry entry)
    {
        string tunnel = entry.Tunnel is null ? "" : $"[{entry.Tunnel}] ";
        string exception = entry.Exception is null ? "" : $" {entry.Exception}";
        string line = string.Create(CultureInfo.InvariantCulture, $"{entry.Time:HH:mm:ss} {Word(entry.Level)}: {tunnel}{entry.Message}{exception}");
        return line.ReplaceLineEndings(" ");
    }

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Debug or LogLevel.Trace => "debug",
        LogLevel.Warning => "warn",
        LogLevel.Error or LogLevel.Critical => "error",
        _ => "info",
    };
}
