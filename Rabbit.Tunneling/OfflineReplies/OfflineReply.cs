using System.Text;
using Rabbit.Tunneling.State;

namespace Rabbit.Tunneling.OfflineReplies;

/// <summary>
/// What a visitor is told, in its own protocol, when its tunnel cannot serve it. After a reply the connection ends.
/// </summary>
internal static class OfflineReply
{
    /// <summary>No reply is longer, in bytes, whatever texts the operator has set.</summary>
    public const int MaxLength = 5 * 1024;

    /// <summary>
    /// The bytes to send; empty where the protocol allows no answer. A visitor that has said nothing, or nothing known, is
    /// answered as its service's declared kind would, or else by HTTP, which people can read.
    /// </summary>
    /// <param name="protocol">What the visitor speaks.</param>
    /// <param name="context">What to tell.</param>
    /// <param name="asHtml">For a visitor that speaks HTTP and wants a page.</param>
    public static ReadOnlyMemory<byte> For(VisitorProtocol protocol, in OfflineContext context, bool asHtml = false) => protocol switch
    {
        VisitorProtocol.Http => HttpReply.Create(context, withBody: true, asHtml),
        VisitorProtocol.HttpHead => HttpReply.Create(context, withBody: false, asHtml),
        VisitorProtocol.Postgres or VisitorProtocol.PostgresSslRequest or VisitorProtocol.PostgresGssRequest => PostgresReply.Error(context),
        VisitorProtocol.Redis => RedisError(context),
        VisitorProtocol.Ssh => SshReply.Create(context),
        VisitorProtocol.Tls => TlsAlert,
        VisitorProtocol.PostgresCancel or VisitorProtocol.NativeClient or VisitorProtocol.LegacyClient => default,
        _ => ForKind(context),
    };

    /// <summary>
    /// What to send before the visitor says anything: only where the server speaks first and the visitor would wait for
    /// ever. Empty otherwise.
    /// </summary>
    public static ReadOnlyMemory<byte> AtConnect(in OfflineContext context) =>
        context.Kind == ServiceKind.MySql ? MySqlReply.Create(context) : default;

    /// <summary>
    /// A fatal alert, internal_error, which is the one unrelated to the peer (RFC 8446 section 6.2). The record version is
    /// the one that all versions accept before one is chosen (section 5.1).
    /// </summary>
    private static ReadOnlyMemory<byte> TlsAlert { get; } = new byte[] { 0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 80 };

    private static ReadOnlyMemory<byte> ForKind(in OfflineContext context) => context.Kind switch
    {
        ServiceKind.MySql => MySqlReply.Create(context),
        ServiceKind.Ssh => SshReply.Create(context),
        ServiceKind.Redis => RedisError(context),
        ServiceKind.Postgres => PostgresReply.Error(context),
        _ => HttpReply.Create(context, withBody: true, asHtml: false),
    };

    /// <summary>A simple error (Redis serialization protocol specification, "Simple errors").</summary>
    private static byte[] RedisError(in OfflineContext context) => Encoding.UTF8.GetBytes($"-ERR {context.Line}\r\n");
}
