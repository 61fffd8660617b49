using Rabbit.Protocol.Frames;

namespace Rabbit.Protocol.Messages;

/// <summary>The server's refusal of a hello; the connection ends after it (docs/protocol.md, "Reject").</summary>
/// <param name="Code">The reason, for programs.</param>
/// <param name="Retryable">True when the same hello may succeed later.</param>
/// <param name="RetryAfter">Least time to wait before that; zero leaves it to the client.</param>
/// <param name="Sentence">The reason and what to do, for people.</param>
public readonly record struct Reject(RejectCode Code, bool Retryable, TimeSpan RetryAfter, string Sentence) : IMessage<Reject>
{
    public static FrameType Type => FrameType.Reject;

    public void Write(PayloadWriter writer)
    {
        writer.Write((ushort)Code);
        writer.Write(Retryable);
        writer.Write(RetryAfter);
        writer.Write(Sentence);
    }

    public static Reject Read(ref PayloadReader reader) =>
        new((RejectCode)reader.ReadUInt16(), reader.ReadBoolean(), reader.ReadMilliseconds(), reader.ReadString());
}
