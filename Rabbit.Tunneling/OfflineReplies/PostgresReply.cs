using System.Buffers.Binary;
using System.Text;

namespace Rabbit.Tunneling.OfflineReplies;

/// <summary>
/// PostgreSQL's answers to a client that starts (PostgreSQL documentation, Frontend/Backend Protocol, "Start-up", "SSL
/// Session Encryption", "GSSAPI Session Encryption").
/// </summary>
internal static class PostgresReply
{
    /// <summary>Yes, to SSLRequest; the client goes on with a TLS handshake.</summary>
    public static ReadOnlyMemory<byte> Encryption { get; } = "S"u8.ToArray();

    /// <summary>No encryption here, to SSLRequest and GSSENCRequest; the client goes on in plaintext or gives up.</summary>
    public static ReadOnlyMemory<byte> NoEncryption { get; } = "N"u8.ToArray();

    /// <summary>
    /// ErrorResponse with the fields of "Error and Notice Message Fields". SQLSTATE 57P03, cannot_connect_now, is the one
    /// that drivers and poolers take as "try again".
    /// </summary>
    public static byte[] Error(in OfflineContext context)
    {
        byte[] fields = Encoding.UTF8.GetBytes($"SFATAL\0VFATAL\0C57P03\0M{context.What}\0H{context.Remedy}\0\0");
        byte[] message = [(byte)'E', 0, 0, 0, 0, .. fields];
        // The length includes itself but not the type.
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), sizeof(int) + fields.Length);
        return message;
    }
}
