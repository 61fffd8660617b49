using System.Globalization;
using System.Text;

namespace Rabbit.Tunneling.ControlPort;

/// <summary>What is said to peers that are no tunnel clients.</summary>
internal static class ControlPortReplies
{
    private const string Sentence =
        "This is the control port of a Rabbit tunnel server: connect to it with tunnel-client. Visitors use a tunnel's own port, browsers the API port.";

    /// <summary>The answer to an HTTP request.</summary>
    public static readonly ReadOnlyMemory<byte> Http = Encoding.ASCII.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {Sentence.Length + 1}\r\nConnection: close\r\n\r\n{Sentence}\n"));

    /// <summary>The answer to bytes of no known protocol.</summary>
    public static readonly ReadOnlyMemory<byte> Unknown = Encoding.ASCII.GetBytes($"ERROR:{Sentence}\n");
}
