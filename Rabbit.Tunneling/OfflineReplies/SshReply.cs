using System.Buffers.Binary;
using System.Text;

namespace Rabbit.Tunneling.OfflineReplies;

/// <summary>
/// An identification string and, as the first packet, SSH_MSG_DISCONNECT (RFC 4253 sections 4.2 and 11.1). Before the key
/// exchange packets carry neither encryption nor a MAC (section 6).
/// </summary>
internal static class SshReply
{
    private const byte Disconnect = 1;

    /// <summary>SSH_DISCONNECT_SERVICE_NOT_AVAILABLE.</summary>
    private const uint ServiceNotAvailable = 7;

    private const int BlockLength = 8;
    private const int MinPadding = 4;
    private const int HeaderLength = 5;

    public static byte[] Create(in OfflineContext context)
    {
        ReadOnlySpan<byte> identification = "SSH-2.0-Rabbit\r\n"u8;
        byte[] description = Encoding.UTF8.GetBytes(context.Line);
        // Message number, reason, description, and an empty language tag.
        int payload = 1 + 4 + 4 + description.Length + 4;
        int padding = BlockLength - ((HeaderLength + payload) % BlockLength);
        if (padding < MinPadding)
            padding += BlockLength;

        byte[] reply = new byte[identification.Length + HeaderLength + payload + padding];
        identification.CopyTo(reply);
        Span<byte> packet = reply.AsSpan(identification.Length);
        BinaryPrimitives.WriteInt32BigEndian(packet, 1 + payload + padding);
        packet[4] = (byte)padding;
        packet[5] = Disconnect;
        BinaryPrimitives.WriteUInt32BigEndian(packet[6..], ServiceNotAvailable);
        BinaryPrimitives.WriteInt32BigEndian(packet[10..], description.Length);
        description.CopyTo(packet[14..]);
        return reply;
    }
}
