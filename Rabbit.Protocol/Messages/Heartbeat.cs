using Rabbit.Protocol.Frames;

namespace Rabbit.Protocol.Messages;

/// <summary>Asks for a <see cref="Pong"/> with the same number (docs/protocol.md, "Ping and Pong").</summary>
public readonly record struct Ping(ulong Number) : IMessage<Ping>
{
    public static FrameType Type => FrameType.Ping;

    public void Write(PayloadWriter writer) => writer.Write(Number);

    public static Ping Read(ref PayloadReader reader) => new(reader.ReadUInt64());
}

/// <summary>Answers a <see cref="Ping"/> (docs/protocol.md, "Ping and Pong").</summary>
public readonly record struct Pong(ulong Number) : IMessage<Pong>
{
    public static FrameType Type => FrameType.Pong;

    public void Write(PayloadWriter writer) => writer.Write(Number);

    public static Pong Read(ref PayloadReader reader) => new(reader.ReadUInt64());
}
