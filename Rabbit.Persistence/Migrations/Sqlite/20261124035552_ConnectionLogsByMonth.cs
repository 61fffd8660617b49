using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Rabbit.Persistence.Migrations.Sqlite
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

            migrationBuilder.DropPrimaryKey(
                name: "PK_connection_logs",
                table: "connection_logs");

            migrationBuilder.DropIndex(
                name: "IX_connection_logs_started_at",
                table: "connection_logs");

            migrationBuilder.DropIndex(
                name: "IX_connection_logs_status",
                table: "connection_logs");

            migrationBuilder.DropIndex(
                name: "IX_connection_logs_token_id_started_at",
                table: "connection_logs");

            migrationBuilder.AddColumn<string>(
                name: "team_id",
                table: "connection_logs",
                type: "TEXT",
                nullable: false,
                defaultValue: "");

            migrationBuilder.Sql("UPDATE connection_logs SET team_id = coalesce((SELECT team_id FROM team_tokens WHERE id = token_id), '')");

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
