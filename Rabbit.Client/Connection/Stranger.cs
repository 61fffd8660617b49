using System.Globalization;
using Rabbit.Protocol.Credentials;

namespace Rabbit.Client.Connection;

/// <summary>Says what answers where a Rabbit server should, from the first bytes that it sent.</summary>
internal static class Stranger
{
    /// <summary>How many bytes are enough to tell.</summary>
    public const int Length = 8;

    /// <summary>Whether the bytes can begin a TLS record that a server sends first: a handshake or an alert.</summary>
    public static bool SpeaksTls(ReadOnlySpan<byte> first) => first is [0x15 or 0x16, 0x03, ..];

    /// <summary>The finding, and what to do about it.</summary>
    /// <param name="host">The host that was dialled.</param>
    /// <param name="port">The port that was dialled.</param>
    /// <param name="first">What it said first; nothing when it kept silent.</param>
    public static ServerUnavailableException At(string host, int port, ReadOnlySpan<byte> first) => new(
        string.Create(
            CultureInfo.InvariantCulture,
            $"{host}:{port} {Conduct(first)} a Rabbit server: check the address; the control port is {ConnectionUri.DefaultPort} by default."),
        isStranger: true);

    private static string Conduct(ReadOnlySpan<byte> first)
    {
        if (first.IsEmpty)
            return "accepts connections but says nothing, unlike";
        if (first.StartsWith("HTTP/"u8))
            return "answered with HTTP, not as";
        if (first.StartsWith("SSH-"u8))
            return "answered with SSH, not as";
        return SpeaksTls(first) ? "answered with TLS, but not as" : "answered in another protocol, not as";
    }
}
