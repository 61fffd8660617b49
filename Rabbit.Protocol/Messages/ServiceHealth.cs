using Rabbit.Protocol.Frames;

namespace Rabbit.Protocol.Messages;

/// <summary>What a client knows of its local service (docs/protocol.md, "ServiceHealth").</summary>
public enum ServiceState : byte
{
    /// <summary>It has not been asked.</summary>
    Unknown = 0,

    /// <summary>It answers.</summary>
    Up = 1,

    /// <summary>It does not answer, or not as it should.</summary>
    Down = 2,
}

/// <summary>The client's word about its local service: after a login, and whenever it changes (docs/protocol.md, "ServiceHealth").</summary>
/// <param name="State">How it is; a number that the server does not know means unknown.</param>
/// <param name="Sentence">Why it is down, for people; else empty.</param>
public readonly record struct ServiceHealth(ServiceState State, string Sentence) : IMessage<ServiceHealth>
{
    public static FrameType Type => FrameType.ServiceHealth;

    public void Write(PayloadWriter writer)
    {
        writer.Write((byte)State);
        writer.Write(Sentence);
    }

    public static ServiceHealth Read(ref PayloadReader reader) => new((ServiceState)reader.ReadByte(), reader.ReadString());
}
