using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Model;

namespace Rabbit.Persistence.Management;

/// <summary>
/// Gives ports to tokens. Which of several racers gets a port is decided by the table's unique constraint alone; a loser
/// tries the next. A deleted token's port rests before another token gets it.
/// </summary>
internal sealed class PortAllocator(RabbitDatabase database, TimeProvider time)
{
    private const int Attempts = 200;

    /// <summary>How long a port that was given back is kept from others.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromHours(24);

    /// <summary>
    /// Inserts the token together with its port, in one transaction.
    /// </summary>
    /// <param name="token">The token, not stored yet.</param>
    /// <param name="requested">The port asked for, or null for any.</param>
    /// <param name="cancellationToken">Stops trying.</param>
    public async Task<ManagementResult<PortAssignmentRow>> InsertAsync(TokenRow token, int? requested, CancellationToken cancellationToken)
    {
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            try
            {
                return await database.WriteAsync(
                    context => TryInsertAsync(context, token, requested, attempt > 0, cancellationToken), cancellationToken);
            }
            catch (DbUpdateException e) when (DatabaseFailure.IsUniqueViolation(e))
            {
                // Another racer got this port between our look and our insert.
            }
        }
        return ManagementResult<PortAssignmentRow>.Fail(ManagementError.Conflict, "Too many tokens are being created at once; try again.");
    }

    private async Task<ManagementResult<PortAssignmentRow>> TryInsertAsync(
        RabbitDbContext context, TokenRow token, int? requested, bool contended, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        if (await ServerSettings.GetPortRangeAsync(context, cancellationToken) is not var (start, end))
        {
            return Fail(
                ManagementError.Invalid,
                "The port range in server_settings is no range; set port_range_start and port_range_end to ports from 1 to 65535, the lower first.");
        }
        if (requested is { } wanted && (wanted < start || wanted > end))
            return Fail(ManagementError.Invalid, $"Port {wanted} is outside the range {start} to {end} of this server; ask for one inside, or for none.");

        DateTimeOffset rested = now - Rest;
        await context.PortAssignments
            .Where(row => row.TokenId == null && row.ReleasedAt <= rested && row.Port >= start && row.Port <= end)
            .ExecuteDeleteAsync(cancellationToken);
        HashSet<int> taken = [.. await context.PortAssignments.Where(row => row.Port >= start && row.Port <= end)
            .Select(row => row.Port).ToListAsync(cancellationToken)];

        int port;
        if (requested is not null)
        {
            if (taken.Contains(requested.Value))
                return Fail(ManagementError.Conflict, string.Create(CultureInfo.InvariantCulture, $"Port {requested} is taken, or rests for {Rest.TotalHours:0} hours after its token was deleted; ask for another."));
            port = requested.Value;
        }
        else
        {
            List<int> free = [.. Enumerable.Range(start, end - start + 1).Where(candidate => !taken.Contains(candidate))];
            if (free.Count == 0)
                return Fail(ManagementError.PortsExhausted, $"Every port from {start} to {end} is taken; delete tokens or widen the range in server_settings.");
            // The lowest is the tidiest; racers that met once spread out.
            port = contended ? free[Random.Shared.Next(free.Count)] : free[0];
        }

        // An attempt that lost has left its port here.
        token.PortAssignment = null;
        context.Tokens.Add(token);
        var assignment = new PortAssignmentRow { Port = port, TokenId = token.Id, AssignedAt = now };
        context.PortAssignments.Add(assignment);
        await context.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return ManagementResult<PortAssignmentRow>.Ok(assignment);
    }

    private static ManagementResult<PortAssignmentRow> Fail(ManagementError error, string sentence) =>
        ManagementResult<PortAssignmentRow>.Fail(error, sentence);
}
