using System.Security.Cryptography;
using Npgsql;
using Rabbit.Protocol.Credentials;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd.Import;

/// <summary>A database in the shape of rabbit.go's, filled by statements as it would.</summary>
internal sealed class RabbitGoServer
{
    private readonly RabbitGoShape _shape;

    private RabbitGoServer(RabbitGoShape shape, string connectionString)
    {
        _shape = shape;
        ConnectionString = connectionString;
    }

    public string ConnectionString { get; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<RabbitGoServer> CreateAsync(RabbitGoShape shape)
    {
        var server = new RabbitGoServer(shape, await TestServers.CreateDatabaseAsync(TestServers.Postgres, Cancellation));
        await server.QueryAsync(shape switch
        {
            RabbitGoShape.First => """
                CREATE TABLE "Team" (
                    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name varchar(255) NOT NULL UNIQUE, description text,
                    created_at timestamptz DEFAULT now(), updated_at timestamptz DEFAULT now(), is_active boolean DEFAULT true)
                """,
            RabbitGoShape.Application => """
                CREATE TABLE "Team" (
                    id text PRIMARY KEY DEFAULT 'clx' || substr(md5(random()::text), 1, 20), name text NOT NULL, description text,
                    "createdAt" timestamp(3) NOT NULL DEFAULT now(), "updatedAt" timestamp(3) NOT NULL DEFAULT now(), deleted boolean NOT NULL DEFAULT false)
                """,
            _ => """
                CREATE TABLE rabbit_identity_binding (singleton boolean PRIMARY KEY DEFAULT true, mode text NOT NULL, bound_at timestamptz NOT NULL DEFAULT now());
                INSERT INTO rabbit_identity_binding (mode) VALUES ('standalone');
                CREATE TABLE rabbit_teams (
                    id varchar(255) PRIMARY KEY DEFAULT 'team_' || substr(md5(random()::text), 1, 8), name varchar(255) NOT NULL UNIQUE, description text NOT NULL DEFAULT '',
                    created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(), is_active boolean NOT NULL DEFAULT true);
                CREATE TABLE "Team" (id text PRIMARY KEY, name text);
                """,
        });
        await server.QueryAsync($"""
            CREATE TABLE team_tokens (
                id uuid PRIMARY KEY DEFAULT gen_random_uuid(), team_id varchar(255) NOT NULL, token varchar(512) NOT NULL UNIQUE, name varchar(255) NOT NULL,
                description text, created_at timestamptz DEFAULT now(), expires_at timestamptz, last_used_at timestamptz, is_active boolean DEFAULT true);
            CREATE TABLE port_assignments (
                id uuid PRIMARY KEY DEFAULT gen_random_uuid(), team_id varchar(255) NOT NULL, token_id uuid NOT NULL REFERENCES team_tokens (id) ON DELETE CASCADE,
                port integer NOT NULL, protocol varchar(20) NOT NULL DEFAULT 'tcp', is_reserved boolean DEFAULT false,
                created_at timestamptz DEFAULT now(), updated_at timestamptz DEFAULT now(){(shape == RabbitGoShape.Standalone ? "" : ", UNIQUE (port, protocol)")});
            CREATE TABLE connection_sessions (
                id uuid PRIMARY KEY DEFAULT gen_random_uuid(), team_id varchar(255) NOT NULL, token_id uuid NOT NULL REFERENCES team_tokens (id) ON DELETE CASCADE,
                port_assign_id uuid NOT NULL REFERENCES port_assignments (id) ON DELETE CASCADE, client_ip varchar(45) NOT NULL, server_port integer NOT NULL,
                protocol varchar(20) NOT NULL, started_at timestamptz DEFAULT now(), last_seen_at timestamptz DEFAULT now(), status varchar(20) DEFAULT 'active');
            """);
        return server;
    }

    /// <summary>A token as rabbit.go makes them.</summary>
    public static string NewTokenText()
    {
        string text = RandomNumberGenerator.GetHexString(64, lowercase: true);
        Assert.True(TokenText.TryParse(text, out TokenText token));
        Secrets.Remember(token);
        return text;
    }

    /// <summary>Its id.</summary>
    public Task<string> AddTeamAsync(string name, bool isActive = true) => QueryAsync(_shape switch
    {
        RabbitGoShape.First => """INSERT INTO "Team" (name, description, is_active) VALUES ($1, 'of rabbit.go', $2) RETURNING id::text""",
        RabbitGoShape.Application => """INSERT INTO "Team" (name, description, deleted) VALUES ($1, 'of rabbit.go', NOT $2) RETURNING id""",
        _ => "INSERT INTO rabbit_teams (name, description, is_active) VALUES ($1, 'of rabbit.go', $2) RETURNING id",
    }, name, isActive);

    /// <summary>Its id; a token without a port gets none.</summary>
    public async Task<string> AddTokenAsync(string team, string text, string name, int? port, DateTimeOffset? expiresAt = null, bool isActive = true)
    {
        string id = await QueryAsync(
            "INSERT INTO team_tokens (team_id, token, name, expires_at, is_active) VALUES ($1, $2, $3, $4, $5) RETURNING id::text",
            team, text, name, (object?)expiresAt ?? DBNull.Value, isActive);
        if (port is not null)
            await AddPortAsync(team, id, port.Value, isReserved: _shape == RabbitGoShape.Standalone && isActive);
        return id;
    }

    public Task<string> AddPortAsync(string team, string token, int port, bool isReserved, string protocol = "tcp") => QueryAsync(
        "INSERT INTO port_assignments (team_id, token_id, port, protocol, is_reserved) VALUES ($1, $2::uuid, $3, $4, $5) RETURNING id::text",
        team, token, port, protocol, isReserved);

    private async Task<string> QueryAsync(string statement, params object[] values)
    {
        await using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false");
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand(statement, connection);
        foreach (object value in values)
            command.Parameters.Add(value is DBNull ? new NpgsqlParameter { Value = value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.TimestampTz } : new NpgsqlParameter { Value = value });
        return await command.ExecuteScalarAsync(Cancellation) as string ?? "";
    }
}
