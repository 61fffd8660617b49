using Rabbit.Protocol.Frames;

namespace Rabbit.Protocol.Messages;

/// <summary>The first frame of a data channel (docs/protocol.md, "DataHello").</summary>
public readonly record struct DataHello(Guid SessionId, Guid ChannelSecret) : IMessage<DataHello>
{
    public static FrameType Type => FrameType.DataHello;

    public void Write(PayloadWriter writer)
    {
        writer.Write(SessionId);
        writer.Write(ChannelSecret);
    }

    public static DataHello Read(ref PayloadReader reader) => new(reader.ReadId(), reader.ReadId());
}
