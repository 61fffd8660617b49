using System.Buffers.Binary;
using Rabbit.Fuzz.Mutation;
using Rabbit.Protocol;
using Rabbit.Protocol.Credentials;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;

namespace Rabbit.Fuzz.Strangers;

/// <summary>What strangers say: the same for the same seed and corpus, but for the tokens, which are made up each time. For one task.</summary>
internal sealed class StrangerWords(IReadOnlyList<byte[]> corpus, int seed)
{
    private const int LongestRandom = 4096;
    private const int LongLine = 16 * 1024;

    private readonly Random _random = new(seed);
    private readonly Mutator _mutator = new(corpus, seed);

    /// <summary>A kind of those that are quick, each as likely as the others.</summary>
    public StrangerKind NextKind() => (StrangerKind)_random.Next((int)StrangerKind.Slow);

    /// <summary>What it says, all of it.</summary>
    public byte[] Next(StrangerKind kind) => kind switch
    {
        StrangerKind.Random => Bytes(_random.Next(1, LongestRandom)),
        StrangerKind.Mutated => _mutator.Next(),
        StrangerKind.Oversized => Oversized(),
        StrangerKind.WrongToken => Login(),
        _ => Login()[.._random.Next(1, 40)],
    };

    /// <summary>Any number below this one.</summary>
    public int Number(int below) => _random.Next(below);

    private byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        _random.NextBytes(bytes);
        return bytes;
    }

    private byte[] Oversized()
    {
        switch (_random.Next(3))
        {
            case 0: // A frame.
                byte[] frame = [.. Preamble.Bytes, 0, 0, 0, 0, (byte)FrameType.ClientHello, .. Bytes(_random.Next(LongestRandom))];
                BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(Preamble.Length), (uint)_random.NextInt64(ProtocolLimits.UnauthenticatedPayload + 1, uint.MaxValue));
                return frame;
            case 1: // A line.
                byte[] line = new byte[LongLine];
                line.AsSpan().Fill((byte)_random.Next('a', 'z'));
                return line;
            default: // A TLS record, which is as long as it says.
                return [0x16, 3, 1, 0xFF, 0xFF, .. Bytes(LongLine)];
        }
    }

    private static byte[] Login() =>
        [.. Preamble.Bytes, .. Frame.Encode(new ClientHello(0, "stranger/1", TokenText.Create().Reveal(), "stranger", 1, Guid.Empty, 0, false))];
}
