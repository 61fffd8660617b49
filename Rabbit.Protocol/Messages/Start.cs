using Rabbit.Protocol.Frames;

namespace Rabbit.Protocol.Messages;

/// <summary>The server gives a waiting data channel its visitor; the visitor's bytes follow (docs/protocol.md, "Start").</summary>
/// <param name="ChannelId">Number of the visitor within the server's life, for logs on both sides.</param>
/// <param name="VisitorAddress">Textual IP address.</param>
/// <param name="VisitorPort">TCP port.</param>
/// <param name="Trace">The server's span of the visitor, the parent of the client's; absent when it is not recorded.</param>
public readonly record struct Start(ulong ChannelId, string VisitorAddress, ushort VisitorPort, TraceContext Trace = default) : IMessage<Start>
{
    public static FrameType Type => FrameType.Start;

    public void Write(PayloadWriter writer)
    {
        writer.Write(ChannelId);
        writer.Write(VisitorAddress);
        writer.Write(VisitorPort);
        Trace.Write(writer);
    }

    public static Start Read(ref PayloadReader reader) =>
        new(reader.ReadUInt64(), reader.ReadString(), reader.ReadUInt16(), TraceContext.Read(ref reader));
}
