using System.Buffers.Binary;
using System.Text;

namespace Rabbit.Tunneling.OfflineReplies;

/// <summary>
/// An ERR packet in place of the server's greeting (MySQL documentation, Client/Server Protocol, "Connection Phase" and
/// "ERR_Packet"). It carries no SQL state, since no capabilities have been negotiated.
/// </summary>
internal static class MySqlReply
{
    private const byte ErrPacket = 0xff;

    /// <summary>ER_SERVER_SHUTDOWN: drivers take it for a server that is away, and try again.</summary>
    private const ushort ServerShutdown = 1053;

    private const int HeaderLength = 4;

    public static byte[] Create(in OfflineContext context)
    {
        byte[] text = Encoding.UTF8.GetBytes(context.Line);
        byte[] packet = new byte[HeaderLength + 3 + text.Length];
        // Three bytes of payload length, least first; the fourth, zero, is the sequence number.
        BinaryPrimitives.WriteInt32LittleEndian(packet, packet.Length - HeaderLength);
        packet[4] = ErrPacket;
        BinaryPrimitives.WriteUInt16LittleEndian(packet.AsSpan(5), ServerShutdown);
        text.CopyTo(packet, 7);
        return packet;
    }
}
