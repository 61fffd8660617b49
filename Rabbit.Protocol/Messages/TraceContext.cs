using System.Buffers.Binary;
using System.Diagnostics;
using Rabbit.Protocol.Frames;

namespace Rabbit.Protocol.Messages;

/// <summary>
/// Names a span, so that the peer's can be told to belong to it (docs/protocol.md, "Trace context"; the ids are those of W3C Trace
/// Context). It is the last, optional field of its message; all zero is the same as absent.
/// </summary>
/// <param name="TraceId">Of the whole trace.</param>
/// <param name="SpanId">Of the span.</param>
/// <param name="Flags">Bit 0: the trace is recorded.</param>
public readonly record struct TraceContext(UInt128 TraceId, ulong SpanId, byte Flags)
{
    /// <summary>Bytes that it has where it is written.</summary>
    internal const int Length = 25;

    /// <summary>True when it names a span.</summary>
    public bool IsPresent => TraceId != UInt128.Zero && SpanId != 0;

    /// <summary>Names this span if it is recorded, and none otherwise.</summary>
    public static TraceContext Of(Activity? span)
    {
        if (span is not { Recorded: true })
            return default;
        // Each as long as its id: CopyTo fills whatever it is given.
        Span<byte> traceId = stackalloc byte[16];
        Span<byte> spanId = stackalloc byte[8];
        span.TraceId.CopyTo(traceId);
        span.SpanId.CopyTo(spanId);
        return new TraceContext(
            BinaryPrimitives.ReadUInt128BigEndian(traceId), BinaryPrimitives.ReadUInt64BigEndian(spanId), (byte)span.ActivityTraceFlags);
    }

    /// <summary>The same for the platform's tracing; a default value when it is absent.</summary>
    public ActivityContext ToActivityContext()
    {
        if (!IsPresent)
            return default;
        Span<byte> traceId = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(traceId, TraceId);
        Span<byte> spanId = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(spanId, SpanId);
        return new ActivityContext(
            ActivityTraceId.CreateFromBytes(traceId), ActivitySpanId.CreateFromBytes(spanId), (ActivityTraceFlags)(Flags & 1), traceState: null, isRemote: true);
    }

    /// <summary>Appends it; one that is absent only where another field follows, as zeros.</summary>
    internal void Write(PayloadWriter writer, bool isFollowed = false)
    {
        if (!IsPresent && !isFollowed)
            return;
        writer.Write((ulong)(TraceId >> 64));
        writer.Write((ulong)TraceId);
        writer.Write(SpanId);
        writer.Write(Flags);
    }

    /// <summary>Reads it where there are bytes enough; a peer that knows nothing of it has sent none. One without a trace or a span names nothing.</summary>
    internal static TraceContext Read(ref PayloadReader reader)
    {
        if (reader.Remaining < Length)
            return default;
        var read = new TraceContext(new UInt128(reader.ReadUInt64(), reader.ReadUInt64()), reader.ReadUInt64(), reader.ReadByte());
        return read.IsPresent ? read : default;
    }
}
