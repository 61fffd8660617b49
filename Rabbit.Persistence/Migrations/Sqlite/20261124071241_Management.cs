using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Rabbit.Persistence.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Management : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_team_tokens_team_id",
                table: "team_tokens");

            migrationBuilder.DropIndex(
                name: "IX_audit_log_at",
                table: "audit_log");

            migrationBuilder.AddColumn<string>(
                name: "client_networks",
                table: "team_tokens",
                type: "TEXT",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<int>(
                name: "hold_seconds",
                table: "team_tokens",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<int>(
                name: "max_visitors",
                table: "team_tokens",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<int>(
                name: "max_visitors_per_address",
                table: "team_tokens",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<byte[]>(
                name: "previous_secret_hash",
                table: "team_tokens",
                type: "BLOB",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "previous_secret_until",
                table: "team_tokens",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "revision",
                table: "team_tokens",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<string>(
                name: "visitor_networks",
                table: "team_tokens",
                type: "TEXT",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<long>(
                name: "expires_at",
                table: "api_keys",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "hourly_statistics",
                columns: table => new
                {
                    hour = table.Column<long>(type: "INTEGER", nullable: false),
                    team_id = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    connections = table.Column<long>(type: "INTEGER", nullable: false),
                    closed = table.Column<long>(type: "INTEGER", nullable: false),
                    errors = table.Column<long>(type: "INTEGER", nullable: false),
                    timeouts = table.Column<long>(type: "INTEGER", nullable: false),
                    refused = table.Column<long>(type: "INTEGER", nullable: false),
                    bytes_from_visitor = table.Column<long>(type: "INTEGER", nullable: false),
                    bytes_to_visitor = table.Column<long>(type: "INTEGER", nullable: false),
                    duration_ms = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_hourly_statistics", x => new { x.hour, x.team_id });
                });

            migrationBuilder.CreateTable(
                name: "statistics_due",
                columns: table => new
                {
                    hour = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_statistics_due", x => x.hour);
                });

            migrationBuilder.CreateIndex(
                name: "IX_team_tokens_created_at_id",
                table: "team_tokens",
                columns: new[] { "created_at", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_team_tokens_team_id_created_at_id",
                table: "team_tokens",
                columns: new[] { "team_id", "created_at", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_audit_log_at_id",
                table: "audit_log",
                columns: new[] { "at", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_api_keys_created_at_id",
                table: "api_keys",
                columns: new[] { "created_at", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_api_keys_team_id",
                table: "api_keys",
                column: "team_id");

            migrationBuilder.CreateIndex(
                name: "IX_hourly_statistics_team_id_hour",
                table: "hourly_statistics",
                columns: new[] { "team_id", "hour" });

            // What is in the log already is to be summed up too.
            migrationBuilder.Sql("INSERT INTO statistics_due (hour) SELECT DISTINCT started_at - started_at % 3600000 FROM connection_logs");
        }
    }
}
