using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using Npgsql;
using Rabbit.Persistence.Database;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Import;

/// <summary>
/// Reads a database of rabbit.go, as of one moment and without changing it. Its tables have been of three kinds: teams are in
/// <c>"Team"</c>, in either of two shapes, or in <c>rabbit_teams</c>; a port that is taken is marked as reserved only by later versions.
/// </summary>
internal sealed class RabbitGoDatabase(DatabaseConnection connection)
{
    private const int ConnectSeconds = 30;
    private const int CommandSeconds = 60;

    private const string WhatIsThere = """
        SELECT
            EXISTS (SELECT FROM information_schema.columns WHERE table_schema = ANY (current_schemas(false)) AND table_name = 'team_tokens' AND column_name = 'token'),
            EXISTS (SELECT FROM information_schema.columns WHERE table_schema = ANY (current_schemas(false)) AND table_name = 'team_tokens' AND column_name = 'secret_hash'),
            to_regclass('"Team"') IS NOT NULL, to_regclass('rabbit_teams') IS NOT NULL, to_regclass('rabbit_identity_binding') IS NOT NULL
        """;

    private const string IdentityMode = "SELECT max(mode) FROM rabbit_identity_binding";
    private const string ApplicationTeams = """SELECT to_jsonb(team)::text FROM "Team" team WHERE team.id::text IN (SELECT team_id FROM team_tokens)""";
    private const string OwnTeams = "SELECT to_jsonb(team)::text FROM rabbit_teams team WHERE team.id IN (SELECT team_id FROM team_tokens)";

    // A port of another token's is not in the way of this one's.
    private const string Tokens = """
        SELECT token.id::text, token.team_id, token.token, token.name, COALESCE(token.description, ''), token.created_at, token.expires_at,
            token.last_used_at, COALESCE(token.is_active, TRUE), port.port
        FROM team_tokens token LEFT JOIN LATERAL (
            SELECT assignment.port FROM port_assignments assignment WHERE assignment.token_id = token.id AND assignment.protocol = 'tcp'
            ORDER BY COALESCE(assignment.is_reserved, FALSE) DESC, assignment.updated_at DESC NULLS LAST, assignment.id LIMIT 1) port ON TRUE
        ORDER BY token.created_at, token.id
        """;

    /// <exception cref="StoreUnavailableException">It cannot be read, or is none of rabbit.go; one sentence.</exception>
    public async Task<RabbitGoState> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            // Nobody waits for it but the operator, so it may take its time.
            var patient = new NpgsqlConnectionStringBuilder(connection.ConnectionString) { Timeout = ConnectSeconds, CommandTimeout = CommandSeconds, Pooling = false };
            await using var database = new NpgsqlConnection(patient.ConnectionString);
            await database.OpenAsync(cancellationToken);
            await using NpgsqlTransaction moment = await database.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
            string teams = await FindTeamsAsync(database, cancellationToken);
            return new RabbitGoState(
                await ReadAsync(database, teams, row => ToTeam(row.GetString(0)), cancellationToken), await ReadAsync(database, Tokens, ToToken, cancellationToken));
        }
        catch (PostgresException e) when (!DatabaseFailure.IsOutage(e))
        {
            throw new StoreUnavailableException(
                $"The database of rabbit.go ({connection.Name}) cannot be read ({e.MessageText.TrimEnd('.')}); let this account read its tables.", e, passes: false);
        }
        catch (Exception e) when (DatabaseFailure.IsOutage(e))
        {
            StoreUnavailableException told = DatabaseFailure.Explain(connection, e);
            throw new StoreUnavailableException(told.Message.Replace("--database", "--from", StringComparison.Ordinal), e, told.Passes);
        }
    }

    private async Task<string> FindTeamsAsync(NpgsqlConnection database, CancellationToken cancellationToken)
    {
        var (isOne, isOurs, hasApplications, hasOwn, isBound) = (await ReadAsync(
            database, WhatIsThere, row => (row.GetBoolean(0), row.GetBoolean(1), row.GetBoolean(2), row.GetBoolean(3), row.GetBoolean(4)), cancellationToken)).Single();
        if (isOurs)
            throw new StoreUnavailableException($"The database to import from ({connection.Name}) is one of Rabbit itself; name the one that rabbit.go used.");
        if (!isOne || !(hasApplications || hasOwn))
            throw new StoreUnavailableException($"The database to import from ({connection.Name}) holds no tables of rabbit.go; name the one of its DATABASE_URL.");
        string mode = isBound ? (await ReadAsync(database, IdentityMode, row => row.IsDBNull(0) ? "" : row.GetString(0), cancellationToken)).Single() : "";
        return mode == "standalone" || !hasApplications ? OwnTeams : ApplicationTeams;
    }

    private static async Task<List<T>> ReadAsync<T>(NpgsqlConnection database, string statement, Func<DbDataReader, T> read, CancellationToken cancellationToken)
    {
#pragma warning disable CA2100 // One of the constants above.
        await using var command = new NpgsqlCommand(statement, database);
#pragma warning restore CA2100
        await using NpgsqlDataReader rows = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<T>();
        while (await rows.ReadAsync(cancellationToken))
            found.Add(read(rows));
        return found;
    }

    private static RabbitGoToken ToToken(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), Time(row, 5), Time(row, 6), Time(row, 7), row.GetBoolean(8),
        row.IsDBNull(9) ? null : row.GetInt32(9));

    // Whose columns go by the application that keeps them.
    private static RabbitGoTeam ToTeam(string json)
    {
        using var document = JsonDocument.Parse(json);
        JsonElement team = document.RootElement;
        // A time without an offset is UTC.
        bool isDated = DateTimeOffset.TryParse(
            Find("created_at", "createdAt")?.ToString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset created);
        return new RabbitGoTeam(
            team.GetProperty("id").ToString(), Find("name")?.ToString() ?? "", Find("description")?.ToString() ?? "", isDated ? created : null,
            Find("is_active")?.ValueKind != JsonValueKind.False && Find("deleted")?.ValueKind != JsonValueKind.True);

        JsonElement? Find(params string[] names) =>
            names.Select(name => team.TryGetProperty(name, out JsonElement value) ? value : (JsonElement?)null).FirstOrDefault(value => value is not null);
    }

    private static DateTimeOffset? Time(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
}
