using System.Buffers;
using Rabbit.Tunneling.ControlPort;

namespace Rabbit.Fuzz.Targets;

/// <summary>What the control port takes a connection for: decided within a few bytes, and not differently when more come.</summary>
internal static class Detection
{
    private const int Enough = 8;

    public static void Run(byte[] input)
    {
        ControlProtocol? decided = null;
        foreach (byte[] soFar in Cuts.Beginnings(input))
        {
            ControlProtocol? now = ControlProtocolDetector.Detect(new ReadOnlySequence<byte>(soFar));
            BrokenException.Unless(decided is null || now == decided, "More bytes have changed what was decided.");
            BrokenException.Unless(now is not null || soFar.Length < Enough, "It is not decided when it must be.");
            decided = now;
        }
        foreach (ReadOnlySequence<byte> cut in Cuts.Of(input))
            BrokenException.Unless(ControlProtocolDetector.Detect(cut) == decided, "The segmentation changes what is decided.");
    }
}
