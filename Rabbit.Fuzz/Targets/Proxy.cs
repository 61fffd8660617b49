using System.Buffers;
using Rabbit.Protocol;
using Rabbit.Protocol.Proxy;

namespace Rabbit.Fuzz.Targets;

/// <summary>The PROXY protocol's header, both versions.</summary>
internal static class Proxy
{
    private const int LongestHeader = 4096;

    public static void Run(byte[] input)
    {
        string? decided = null;
        foreach (byte[] soFar in Cuts.Beginnings(input))
        {
            string now = Read(new ReadOnlySequence<byte>(soFar), out bool isDecided);
            BrokenException.Unless(decided is null || now == decided, "More bytes have changed what was read.");
            BrokenException.Unless(isDecided || soFar.Length <= LongestHeader, "A header has no end.");
            decided = isDecided ? now : null;
        }
        string? whole = null;
        foreach (ReadOnlySequence<byte> cut in Cuts.Of(input))
        {
            string read = Read(cut, out _);
            whole ??= read;
            BrokenException.Unless(read == whole, "The segmentation changes what is read.");
        }
    }

    private static string Read(ReadOnlySequence<byte> bytes, out bool isDecided)
    {
        isDecided = true;
        try
        {
            long before = bytes.Length;
            isDecided = ProxyHeader.TryRead(ref bytes, out ProxyHeader header);
            BrokenException.Unless(isDecided || bytes.Length == before, "Bytes of half a header were taken.");
            if (header.Source is not null)
            {
                foreach (ProxyVersion version in Enum.GetValues<ProxyVersion>())
                {
                    var again = new ReadOnlySequence<byte>(header.Encode(version));
                    BrokenException.Unless(ProxyHeader.TryRead(ref again, out ProxyHeader back) && again.IsEmpty && back == header, "A header reads back as another.");
                }
            }
            return $"{isDecided} {header} {before - bytes.Length}";
        }
        catch (ProtocolException)
        {
            return "none";
        }
    }
}
