using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Rabbit.Protocol.Frames;

/// <summary>Writes what <see cref="PayloadReader"/> reads, and puts the frame header in front.</summary>
public sealed class PayloadWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new(64);

    public PayloadWriter() => _buffer.Advance(Reserve(Frame.HeaderLength).Length);

    public void Write(byte value) => Append(1)[0] = value;

    public void Write(bool value) => Write(value ? (byte)1 : (byte)0);

    public void Write(ushort value) => BinaryPrimitives.WriteUInt16BigEndian(Append(2), value);

    public void Write(uint value) => BinaryPrimitives.WriteUInt32BigEndian(Append(4), value);

    public void Write(ulong value) => BinaryPrimitives.WriteUInt64BigEndian(Append(8), value);

    public void Write(Guid id) => id.TryWriteBytes(Append(16), bigEndian: true, out _);

    /// <summary>Writes a duration as u32 milliseconds; negative ones as 0.</summary>
    public void Write(TimeSpan value) =>
        Write((uint)Math.Clamp(value.TotalMilliseconds, 0, uint.MaxValue));

    /// <exception cref="ArgumentException">The string is longer than 65,535 bytes in UTF-8.</exception>
    public void Write(string value)
    {
        int length = Encoding.UTF8.GetByteCount(value);
        if (length > ushort.MaxValue)
            throw new ArgumentException("A string field holds at most 65,535 bytes.", nameof(value));
        Write((ushort)length);
        Encoding.UTF8.GetBytes(value, Append(length));
    }

    internal byte[] ToFrame(FrameType type)
    {
        byte[] frame = _buffer.WrittenSpan.ToArray();
        BinaryPrimitives.WriteUInt32BigEndian(frame, (uint)(frame.Length - Frame.HeaderLength));
        frame[4] = (byte)type;
        return frame;
    }

    private Span<byte> Append(int count)
    {
        var span = Reserve(count);
        _buffer.Advance(count);
        return span;
    }

    private Span<byte> Reserve(int count) => count == 0 ? [] : _buffer.GetSpan(count)[..count];
}
