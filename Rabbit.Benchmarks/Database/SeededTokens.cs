using System.Data.Common;
using Rabbit.Protocol.Credentials;

namespace Rabbit.Benchmarks.Database;

/// <summary>A token as its rows in other tables name it.</summary>
internal sealed record SeededToken(TokenText Text, string TeamId, int Port)
{
    public string Id => Text.Id;
}

/// <summary>Writes teams, tokens with their ports, and sessions.</summary>
internal static class SeededTokens
{
    public static async Task<SeededToken[]> WriteAsync(DbConnection connection, SeedOptions options, DateTimeOffset now)
    {
        DateTimeOffset created = now.AddDays(-options.Days);
        string[] teams = [.. Enumerable.Range(0, (options.Tokens + SeedOptions.TokensPerTeam - 1) / SeedOptions.TokensPerTeam).Select(_ => Guid.CreateVersion7(created).ToString())];
        await using (BulkTable table = await BulkTable.OpenAsync(connection, "teams", "id", "name", "description", "created_at"))
        {
            for (int i = 0; i < teams.Length; i++)
                await table.AddAsync(teams[i], $"team {i:D5}", "", created.AddMilliseconds(i));
            await table.CompleteAsync();
        }

        TokenText[] texts = [.. Enumerable.Range(0, options.Tokens).Select(_ => TokenText.Create())];
        SeededToken[] tokens = [.. texts.Select((text, i) => new SeededToken(text, teams[i / SeedOptions.TokensPerTeam], SeedOptions.FirstPort + i))];
        await using (BulkTable table = await BulkTable.OpenAsync(
            connection, "team_tokens", "id", "team_id", "name", "description", "secret_hash", "kind", "created_at", "last_used_at", "last_epoch"))
        {
            for (int i = 0; i < tokens.Length; i++)
                await table.AddAsync(tokens[i].Id, tokens[i].TeamId, $"token {i:D5}", "", tokens[i].Text.HashSecret(), "unknown", created.AddMilliseconds(i), now, 1L);
            await table.CompleteAsync();
        }
        await using (BulkTable table = await BulkTable.OpenAsync(connection, "port_assignments", "port", "protocol", "token_id", "assigned_at"))
        {
            foreach (SeededToken token in tokens)
                await table.AddAsync(token.Port, "tcp", token.Id, created);
            await table.CompleteAsync();
        }
        return tokens;
    }

    /// <summary>Sessions as a server leaves them that was stopped a moment ago, and sessions that are over.</summary>
    public static async Task WriteSessionsAsync(
        DbConnection connection, SeededToken[] tokens, SeedOptions options, double uptime, DateTimeOffset now)
    {
        await using BulkTable table = await BulkTable.OpenAsync(
            connection, "connection_sessions", "id", "token_id", "port", "epoch", "protocol", "status", "node", "client_address",
            "client_name", "client_software", "local_port", "started_at", "connected_at", "last_seen_at", "seen_uptime", "ended_at", "end_reason");
        for (int i = 0; i < options.Sessions; i++)
            await AddAsync(tokens[i], now.AddHours(-1), "active", ended: null, "");
        for (int i = 0; i < options.EndedSessions; i++)
        {
            DateTimeOffset started = now - TimeSpan.FromDays(options.Days) * (1 - (double)i / options.EndedSessions);
            await AddAsync(tokens[i % tokens.Length], started, "inactive", started.AddMinutes(1), "client disconnected");
        }
        await table.CompleteAsync();

        Task AddAsync(SeededToken token, DateTimeOffset started, string status, DateTimeOffset? ended, string reason) => table.AddAsync(
            Guid.CreateVersion7(started), token.Id, token.Port, 1L, "native", status, Environment.MachineName, "192.0.2.10:40000", "host",
            "tunnel-client 0.1.0", 5432, started, started, ended ?? now, uptime, ended, reason);
    }
}
