using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Rabbit.Protocol.Proxy;

/// <summary>Version 1: <c>PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n</c> (section 2.1).</summary>
public readonly partial record struct ProxyHeader
{
    /// <summary>The longest line, its end included.</summary>
    private const int LongestText = 107;

    private static ReadOnlySpan<byte> TextStart => "PROXY "u8;

    /// <summary>Bytes of the header, or 0 when it is not whole.</summary>
    private static int ReadText(ReadOnlySpan<byte> first, out ProxyHeader header)
    {
        header = default;
        int known = Math.Min(first.Length, TextStart.Length);
        if (!first[..known].SequenceEqual(TextStart[..known]))
            throw NoHeader();
        int end = first.IndexOf("\r\n"u8);
        if (end < 0)
            return first.Length < LongestText ? 0 : throw new ProtocolException($"The PROXY header has no end within {LongestText} bytes.");

        string[] parts = Encoding.Latin1.GetString(first[TextStart.Length..end]).Split(' ');
        header = parts switch
        {
            ["UNKNOWN", ..] => default,
            ["TCP4", var source, var destination, var sourcePort, var destinationPort] => Read(AddressFamily.InterNetwork, source, destination, sourcePort, destinationPort),
            ["TCP6", var source, var destination, var sourcePort, var destinationPort] => Read(AddressFamily.InterNetworkV6, source, destination, sourcePort, destinationPort),
            _ => throw new ProtocolException("The PROXY header names neither TCP4, TCP6 nor UNKNOWN with two addresses and two ports."),
        };
        return end + 2;
    }

    private static ProxyHeader Read(AddressFamily family, string source, string destination, string sourcePort, string destinationPort) => new(
        new IPEndPoint(ReadAddress(family, source), ReadPort(sourcePort)), new IPEndPoint(ReadAddress(family, destination), ReadPort(destinationPort)));

    private static IPAddress ReadAddress(AddressFamily family, string text)
    {
        // IPAddress also reads what only the C library takes for an address, and scopes and brackets, which have no place here.
        bool isAddress = IPAddress.TryParse(text, out IPAddress? address) && address.AddressFamily == family
            && (family == AddressFamily.InterNetwork ? address.ToString() == text : text.AsSpan().IndexOfAny("%[]") < 0);
        return isAddress ? address! : throw new ProtocolException("The PROXY header has an address that is none of its family.");
    }

    private static int ReadPort(string text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) && (text.Length == 1 || text[0] != '0')
            ? port
            : throw new ProtocolException("The PROXY header has a port that is not 0 to 65535.");

    private byte[] EncodeText() => Encoding.ASCII.GetBytes(Aligned() is var (source, destination)
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"PROXY TCP{(source.AddressFamily == AddressFamily.InterNetwork ? 4 : 6)} {source.Address} {destination.Address} {source.Port} {destination.Port}\r\n")
        : "PROXY UNKNOWN\r\n");
}
