namespace Rabbit.Protocol.Frames;

/// <summary>
/// The payload of one frame type. Fields are written in order; a reader ignores bytes after the last field it knows,
/// so that a later minor version may append fields.
/// </summary>
public interface IMessage<TSelf>
    where TSelf : struct, IMessage<TSelf>
{
    /// <summary>The frame type that carries this message.</summary>
    static abstract FrameType Type { get; }

    /// <summary>Appends the fields to <paramref name="writer"/>.</summary>
    void Write(PayloadWriter writer);

    /// <summary>Reads the fields.</summary>
    /// <exception cref="ProtocolException">The payload ends early or a field is not valid.</exception>
    static abstract TSelf Read(ref PayloadReader reader);
}
