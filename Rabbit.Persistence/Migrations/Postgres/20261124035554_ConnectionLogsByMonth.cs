using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Rabbit.Persistence.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class ConnectionLogsByMonth : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_connection_sessions_token_id",
                table: "connection_sessions");

            // A table cannot become a partitioned one, so the rows move into a new one, month by month. What belongs to no
            // month's partition goes into the default one; the server makes the partitions of the months to come.
            migrationBuilder.Sql(
                """
                ALTER TABLE connection_logs RENAME TO connection_logs_unpartitioned;
                CREATE TABLE connection_logs (
                    id uuid NOT NULL,
                    token_id text NOT NULL,
                    session_id uuid,
                    port integer NOT NULL,
                    visitor_address text NOT NULL,
                    visitor_port integer NOT NULL,
                    started_at timestamp with time zone NOT NULL,
                    duration_ms bigint NOT NULL,
                    bytes_from_visitor bigint NOT NULL,
                    bytes_to_visitor bigint NOT NULL,
                    status text NOT NULL,
                    reason text NOT NULL,
                    node text NOT NULL,
                    team_id text NOT NULL
                ) PARTITION BY RANGE (started_at);
                CREATE TABLE connection_logs_default PARTITION OF connection_logs DEFAULT;
                DO $$
                DECLARE month timestamp with time zone;
                BEGIN
                    FOR month IN SELECT DISTINCT date_trunc('month', started_at, 'UTC') FROM connection_logs_unpartitioned
                    LOOP
                        EXECUTE format(
                            'CREATE TABLE connection_logs_%s PARTITION OF connection_logs FOR VALUES FROM (%L) TO (%L)',
                            to_char(month AT TIME ZONE 'UTC', 'YYYY_MM'), month,
                            (month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC');
                    END LOOP;
                END $$;
                INSERT INTO connection_logs
                SELECT log.id, log.token_id, log.session_id, log.port, log.visitor_address, log.visitor_port, log.started_at,
                    log.duration_ms, log.bytes_from_visitor, log.bytes_to_visitor, log.status, log.reason, log.node,
                    coalesce(token.team_id, '')
                FROM connection_logs_unpartitioned log LEFT JOIN team_tokens token ON token.id = log.token_id;
                DROP TABLE connection_logs_unpartitioned;
                """);

            migrationBuilder.AddPrimaryKey(
                name: "PK_connection_logs",
                table: "connection_logs",
                columns: new[] { "started_at", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_port_assignments_released_at",
                table: "port_assignments",
                column: "released_at");

            migrationBuilder.CreateIndex(
                name: "IX_connection_sessions_token_id_started_at",
                table: "connection_sessions",
                columns: new[] { "token_id", "started_at" });

            migrationBuilder.CreateIndex(
                name: "IX_connection_logs_port_started_at_id",
                table: "connection_logs",
                columns: new[] { "port", "started_at", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_connection_logs_status_started_at_id",
                table: "connection_logs",
                columns: new[] { "status", "started_at", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_connection_logs_team_id_started_at_id",
                table: "connection_logs",
                columns: new[] { "team_id", "started_at", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_connection_logs_token_id_started_at_id",
                table: "connection_logs",
                columns: new[] { "token_id", "started_at", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_connection_logs_visitor_address_started_at_id",
                table: "connection_logs",
                columns: new[] { "visitor_address", "started_at", "id" });
        }
    }
}
