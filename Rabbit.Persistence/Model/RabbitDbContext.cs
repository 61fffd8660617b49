using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Rabbit.Persistence.Model;

/// <summary>The tables of docs/architecture.md, "State", the same on both databases.</summary>
internal abstract class RabbitDbContext(DbContextOptions options) : DbContext(options)
{
    public DbSet<TeamRow> Teams => Set<TeamRow>();

    public DbSet<TokenRow> Tokens => Set<TokenRow>();

    public DbSet<PortAssignmentRow> PortAssignments => Set<PortAssignmentRow>();

    public DbSet<SessionRow> Sessions => Set<SessionRow>();

    public DbSet<ConnectionLogRow> ConnectionLogs => Set<ConnectionLogRow>();

    public DbSet<ServerSettingRow> ServerSettings => Set<ServerSettingRow>();

    public DbSet<AuditLogRow> AuditLog => Set<AuditLogRow>();

    public DbSet<ApiKeyRow> ApiKeys => Set<ApiKeyRow>();

    public DbSet<HourRow> Hours => Set<HourRow>();

    public DbSet<DueHourRow> DueHours => Set<DueHourRow>();

    public DbSet<AlertProblemRow> AlertProblems => Set<AlertProblemRow>();

    public DbSet<AlertDeliveryRow> AlertDeliveries => Set<AlertDeliveryRow>();

    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<TeamRow>(team =>
        {
            team.ToTable("teams");
            team.Property(row => row.Id).HasMaxLength(64);
            team.Property(row => row.Name).HasMaxLength(100);
            team.HasIndex(row => row.Name).IsUnique();
        });
        modelBuilder.Entity<TokenRow>(token =>
        {
            token.ToTable("team_tokens");
            token.Property(row => row.Id).HasMaxLength(64);
            token.Property(row => row.Name).HasMaxLength(100);
            token.HasOne(row => row.Team).WithMany(team => team.Tokens).HasForeignKey(row => row.TeamId).OnDelete(DeleteBehavior.Cascade);
            // Lists go by time, of all teams or of one.
            token.HasIndex(row => new { row.CreatedAt, row.Id });
            token.HasIndex(row => new { row.TeamId, row.CreatedAt, row.Id });
        });
        modelBuilder.Entity<PortAssignmentRow>(assignment =>
        {
            assignment.ToTable("port_assignments");
            assignment.Property(row => row.Protocol).HasMaxLength(8);
            assignment.HasIndex(row => new { row.Port, row.Protocol }).IsUnique();
            assignment.HasIndex(row => row.ReleasedAt);
            assignment.HasOne(row => row.Token).WithOne(token => token.PortAssignment)
                .HasForeignKey<PortAssignmentRow>(row => row.TokenId).OnDelete(DeleteBehavior.SetNull);
        });
        modelBuilder.Entity<SessionRow>(session =>
        {
            session.ToTable("connection_sessions");
            session.HasOne(row => row.Token).WithMany(token => token.Sessions).HasForeignKey(row => row.TokenId).OnDelete(DeleteBehavior.Cascade);
            session.HasIndex(row => new { row.TokenId, row.StartedAt });
            session.HasIndex(row => row.EndedAt);
        });
        modelBuilder.Entity<ConnectionLogRow>(log =>
        {
            log.ToTable("connection_logs");
            // Each way of reading it is by time, newest first, within one of these (docs/connection-log.md).
            log.HasKey(row => new { row.StartedAt, row.Id });
            log.HasIndex(row => new { row.TeamId, row.StartedAt, row.Id });
            log.HasIndex(row => new { row.TokenId, row.StartedAt, row.Id });
            log.HasIndex(row => new { row.Port, row.StartedAt, row.Id });
            log.HasIndex(row => new { row.VisitorAddress, row.StartedAt, row.Id });
            log.HasIndex(row => new { row.Status, row.StartedAt, row.Id });
        });
        modelBuilder.Entity<ServerSettingRow>(setting =>
        {
            setting.ToTable("server_settings");
            setting.HasKey(row => row.Key);
            setting.Property(row => row.Key).HasMaxLength(64);
        });
        modelBuilder.Entity<AuditLogRow>(audit =>
        {
            audit.ToTable("audit_log");
            audit.HasIndex(row => new { row.At, row.Id });
        });
        modelBuilder.Entity<ApiKeyRow>(key =>
        {
            key.ToTable("api_keys");
            key.Property(row => row.Id).HasMaxLength(64);
            key.Property(row => row.Name).HasMaxLength(100);
            key.HasIndex(row => new { row.CreatedAt, row.Id });
            key.HasIndex(row => row.TeamId);
        });
        modelBuilder.Entity<HourRow>(hour =>
        {
            hour.ToTable("hourly_statistics");
            hour.HasKey(row => new { row.Hour, row.TeamId });
            hour.HasIndex(row => new { row.TeamId, row.Hour });
            hour.Property(row => row.TeamId).HasMaxLength(64);
        });
        modelBuilder.Entity<DueHourRow>(due =>
        {
            due.ToTable("statistics_due");
            due.HasKey(row => row.Hour);
        });
        modelBuilder.Entity<AlertProblemRow>(problem =>
        {
            problem.ToTable("alert_problems");
            problem.HasKey(row => new { row.TokenId, row.Type });
            problem.Property(row => row.TokenId).HasMaxLength(64);
            problem.Property(row => row.Type).HasMaxLength(64);
            problem.HasOne(row => row.Token).WithMany().HasForeignKey(row => row.TokenId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<AlertDeliveryRow>(delivery =>
        {
            delivery.ToTable("alert_deliveries");
            delivery.Property(row => row.AlertId).HasMaxLength(64);
            delivery.Property(row => row.Target).HasMaxLength(64);
            delivery.HasIndex(row => row.NextAt);
        });

        foreach (IMutableEntityType entity in modelBuilder.Model.GetEntityTypes())
        {
            foreach (IMutableProperty property in entity.GetProperties())
            {
                property.SetColumnName(ColumnName(property.Name));
                if (property.ClrType.IsEnum)
                    property.SetValueConverter((ValueConverter)Activator.CreateInstance(typeof(LowerCaseEnum<>).MakeGenericType(property.ClrType))!);
            }
        }
    }

    // BytesFromVisitor -> bytes_from_visitor
    private static string ColumnName(string property) => string.Concat(property.Select(
        (letter, index) => !char.IsUpper(letter) ? letter.ToString() : (index > 0 ? "_" : "") + char.ToLowerInvariant(letter)));
}
