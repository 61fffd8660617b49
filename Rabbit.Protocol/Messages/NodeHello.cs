using Rabbit.Protocol.Frames;

namespace Rabbit.Protocol.Messages;

/// <summary>The first frame of a node link, in both directions (docs/protocol.md, "Node link").</summary>
/// <param name="Node">Name of the node that says it; its certificate must have it.</param>
/// <param name="Run">The run of its process.</param>
public readonly record struct NodeHello(string Node, Guid Run) : IMessage<NodeHello>
{
    public static FrameType Type => FrameType.NodeHello;

    public void Write(PayloadWriter writer)
    {
        writer.Write(Node);
        writer.Write(Run);
    }

    public static NodeHello Read(ref PayloadReader reader) => new(reader.ReadString(), reader.ReadId());
}
