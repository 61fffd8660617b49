using System.Buffers;
using System.IO.Pipelines;
using Rabbit.Protocol;

namespace Rabbit.Tunneling.ControlPort;

/// <summary>Tells what a peer on the control port speaks, consuming nothing.</summary>
internal static class ControlProtocolDetector
{
    private const byte TlsHandshakeRecord = 0x16;
    private const int LongestHttpMethod = 8;

    /// <summary>Reads as far as needed, at most a few bytes beyond the first, and leaves everything in the pipe.</summary>
    public static async ValueTask<ControlProtocol> DetectAsync(PipeReader input, CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult result = await input.ReadAsync(cancellationToken);
            ControlProtocol? protocol = Detect(result.Buffer);
            input.AdvanceTo(result.Buffer.Start, protocol is null ? result.Buffer.End : result.Buffer.Start);
            if (protocol is not null)
                return protocol.Value;
            if (result.IsCompleted)
                return ControlProtocol.Ended;
        }
    }

    /// <summary>The protocol of these first bytes, or null when more are needed.</summary>
    public static ControlProtocol? Detect(in ReadOnlySequence<byte> soFar)
    {
        Span<byte> first = stackalloc byte[LongestHttpMethod];
        int length = (int)Math.Min(soFar.Length, first.Length);
        soFar.Slice(0, length).CopyTo(first);
        first = first[..length];
        if (length == 0)
            return null;
        if (first[0] == TlsHandshakeRecord)
            return ControlProtocol.Tls;
        if (first[0] is < 0x20 or > 0x7e)
            return ControlProtocol.Unknown;

        ReadOnlySpan<byte> name = Preamble.Bytes[..3];
        if (first.StartsWith(name) && length > name.Length)
            return first[name.Length] == Preamble.MajorVersion ? ControlProtocol.Native
                : first[name.Length] < 0x20 ? ControlProtocol.NativeOtherVersion : ControlProtocol.Legacy;
        if (length <= name.Length && name.StartsWith(first))
            return null;

        // An HTTP method is upper-case letters and then a space; no line of the legacy protocol has one.
        int letters = first.IndexOfAnyExceptInRange((byte)'A', (byte)'Z');
        return letters switch
        {
            < 0 when length < LongestHttpMethod => null,
            > 0 when first[letters] == ' ' => ControlProtocol.Http,
            _ => ControlProtocol.Legacy,
        };
    }
}
