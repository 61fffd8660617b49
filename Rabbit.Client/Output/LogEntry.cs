using Microsoft.Extensions.Logging;

namespace Rabbit.Client.Output;

/// <summary>Something that happened.</summary>
/// <param name="Time">When.</param>
/// <param name="Level">How bad it is.</param>
/// <param name="Event">Its number (<see cref="EventIds"/>).</param>
/// <param name="Tunnel">Name of the tunnel, or null.</param>
/// <param name="Message">For people.</param>
/// <param name="Values">For programs: what the message speaks of, or null.</param>
/// <param name="Exception">What was met, or null.</param>
internal readonly record struct LogEntry(
    DateTimeOffset Time, LogLevel Level, int Event, string? Tunnel, string Message, IReadOnlyList<KeyValuePair<string, object?>>? Values, Exception? Exception);
