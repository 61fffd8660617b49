namespace Rabbit.Persistence.ConnectionLogs;

/// <summary>Statements that both databases understand.</summary>
internal static class ConnectionLogColumns
{
    /// <summary>In the order in which both tables write them.</summary>
    public const string All =
        """
        id, team_id, token_id, session_id, port, visitor_address, visitor_port, started_at, duration_ms, bytes_from_visitor,
            bytes_to_visitor, status, reason, node
        """;

    /// <summary>What happens to a row that is there. Replayed entries of a closed connection leave its row alone.</summary>
    public const string OnConflict =
        """
        ON CONFLICT (started_at, id) DO UPDATE SET session_id = excluded.session_id, duration_ms = excluded.duration_ms,
            bytes_from_visitor = excluded.bytes_from_visitor, bytes_to_visitor = excluded.bytes_to_visitor,
            status = excluded.status, reason = excluded.reason
        WHERE connection_logs.status = 'active' OR excluded.status <> 'active'
        """;
}
