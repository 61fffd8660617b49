using Rabbit.Protocol.Frames;

namespace Rabbit.Protocol.Messages;

/// <summary>A node of the server's cluster that clients can log in to (docs/protocol.md, "Nodes").</summary>
/// <param name="IsThis">True for the one that says it.</param>
/// <param name="Address">Its control port, and no other node's: <c>host:port</c>.</param>
/// <param name="Fingerprint">SHA-256 of the certificate that it shows; empty where clients speak plaintext.</param>
public readonly record struct NodePlace(bool IsThis, string Address, string Fingerprint);

/// <summary>The nodes where this client can log in: after a login, and whenever they change (docs/protocol.md, "Nodes").</summary>
/// <param name="Places">All of them; never null.</param>
public readonly record struct Nodes(IReadOnlyList<NodePlace> Places) : IMessage<Nodes>
{
    /// <summary>More are not sent, and not kept by a client.</summary>
    public const int Most = 64;

    public static FrameType Type => FrameType.Nodes;

    public void Write(PayloadWriter writer)
    {
        writer.Write((ushort)Places.Count);
        foreach (NodePlace place in Places)
        {
            writer.Write(place.IsThis);
            writer.Write(place.Address);
            writer.Write(place.Fingerprint);
        }
    }

    public static Nodes Read(ref PayloadReader reader)
    {
        int count = reader.ReadUInt16();
        // Not as many as are announced before they are there.
        var places = new List<NodePlace>();
        for (; count > 0; count--)
            places.Add(new NodePlace(reader.ReadBoolean(), reader.ReadString(), reader.ReadString()));
        return new Nodes(places);
    }

    /// <summary>Equal when the places are, in the same order.</summary>
    public bool Equals(Nodes other) => Places.SequenceEqual(other.Places);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (NodePlace place in Places)
            hash.Add(place);
        return hash.ToHashCode();
    }
}
