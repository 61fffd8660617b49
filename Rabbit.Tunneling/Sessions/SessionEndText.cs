namespace Rabbit.Tunneling.Sessions;

/// <summary>The end of a session in words, as stored and shown.</summary>
internal static class SessionEndText
{
    public static string Of(SessionEnd end) => end switch
    {
        SessionEnd.ClientLost => "connection lost",
        SessionEnd.ClientSilent => "heartbeat timed out",
        SessionEnd.ClientDisconnected => "client disconnected",
        SessionEnd.ProtocolError => "protocol error",
        SessionEnd.Superseded => "superseded",
        SessionEnd.Revoked => "token revoked",
        SessionEnd.Rotated => "secret replaced",
        SessionEnd.NotAllowed => "network not allowed",
        SessionEnd.Expired => "token expired",
        SessionEnd.Closed => "closed by an operator",
        _ => "server stopped",
    };

    /// <summary>What an operator said when the session was closed, if this is the text of that; or null.</summary>
    public static string? WordsOfOperator(string text)
    {
        string closed = Of(SessionEnd.Closed);
        return text == closed ? "" : text.StartsWith($"{closed}: ", StringComparison.Ordinal) ? text[(closed.Length + 2)..] : null;
    }
}
