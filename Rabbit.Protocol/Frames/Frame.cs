namespace Rabbit.Protocol.Frames;

/// <summary>One native frame as it arrived; <paramref name="Type"/> may be a type that this version does not know.</summary>
public readonly record struct Frame(FrameType Type, ReadOnlyMemory<byte> Payload)
{
    /// <summary>Bytes before the payload: u32 big-endian payload length, u8 type.</summary>
    public const int HeaderLength = 5;

    /// <summary>Reads the payload as a message of type <typeparamref name="T"/>.</summary>
    /// <exception cref="ProtocolException">The frame is of another type, or its payload is malformed.</exception>
    public T Read<T>()
        where T : struct, IMessage<T>
    {
        if (Type != T.Type)
            throw new ProtocolException($"Expected a {T.Type} frame but got type {(byte)Type}.");
        var reader = new PayloadReader(Payload.Span);
        return T.Read(ref reader);
    }

    /// <summary>Encodes a message as one whole frame: header and payload.</summary>
    public static byte[] Encode<T>(in T message)
        where T : struct, IMessage<T>
    {
        var writer = new PayloadWriter();
        message.Write(writer);
        return writer.ToFrame(T.Type);
    }
}
