using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Model;

namespace Rabbit.Persistence.Management;

/// <summary>
/// Gives ports to tokens. Which of several racers gets a port is decided by the table's unique constraint alone; a loser
/// tries the next. A deleted token's port rests before another token gets it.
/// </summary>
internal sealed class PortAllocator(RabbitDatabase database, ServerSettings settings, TimeProvider time)
{
    private const int Attempts = 200;

    // Saves the walk along thousands of taken ports. Nothing rests on it: what is free below after all (another server may
    // free ports) is found when there is none above.
    private Hint? _next;

    /// <summary>How long a port that was given back is kept from others.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromHours(24);

    /// <summary>
    /// Inserts the token together with its port and what the audit log says of it, in one transaction.
    /// </summary>
    /// <param name="token">The token, not stored yet.</param>
    /// <param name="requested">The port asked for, or null for any.</param>
    /// <param name="audit">The row of the audit log; the port is added to its details.</param>
    /// <param name="cancellationToken">Stops trying.</param>
    public async Task<ManagementResult<PortAssignmentRow>> InsertAsync(
        TokenRow token, int? requested, AuditLogRow audit, CancellationToken cancellationToken)
    {
        string details = audit.Details;
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            audit.Details = details;
            try
            {
                return await database.WriteAsync(
                    context => TryInsertAsync(context, token, requested, audit, attempt > 0, cancellationToken), cancellationToken);
            }
            catch (DbUpdateException e) when (DatabaseFailure.IsUniqueViolation(e))
            {
                // Another racer got this port between our look and our insert.
            }
        }
        return ManagementResult<PortAssignmentRow>.Fail(ManagementError.Conflict, "Too many tokens are being created at once; try again.");
    }

    private async Task<ManagementResult<PortAssignmentRow>> TryInsertAsync(
        RabbitDbContext context, TokenRow token, int? requested, AuditLogRow audit, bool contended, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetStoredNow();
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        if (await settings.ReadPortRangeAsync(context, cancellationToken) is not { } range)
            return Fail(ManagementError.Invalid, ServerSettings.NoRange);
        if (requested is { } wanted && !range.Contains(wanted))
            return Fail(ManagementError.Invalid, $"Port {wanted} is outside the range {range} of this server; ask for one inside, or for none.");

        DateTimeOffset rested = now - Rest;
        if (await context.PortAssignments.Where(row => row.ReleasedAt <= rested).ExecuteDeleteAsync(cancellationToken) > 0)
            _next = null;
        int? free = requested is { } only
            ? await FindFreeAsync(context, only, only, cancellationToken)
            : await FindFreeAsync(context, range, contended, cancellationToken);
        if (free is not { } port)
        {
            return requested is null
                ? Fail(ManagementError.PortsExhausted, $"Every port of the range {range} is taken; delete tokens, or widen the range with 'rabbit database set-port-range'.")
                : Fail(ManagementError.Conflict, string.Create(CultureInfo.InvariantCulture, $"Port {requested} is taken, or rests for {Rest.TotalHours:0} hours after its token was deleted; ask for another."));
        }

        // An attempt that lost has left its port here.
        token.PortAssignment = null;
        context.Tokens.Add(token);
        var assignment = new PortAssignmentRow { Port = port, TokenId = token.Id, AssignedAt = now };
        context.PortAssignments.Add(assignment);
        audit.Details += string.Create(CultureInfo.InvariantCulture, $" port={port}");
        context.AuditLog.Add(audit);
        await context.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        if (requested is null && !contended)
            _next = new Hint(range, port + 1);
        return ManagementResult<PortAssignmentRow>.Ok(assignment);
    }

    // The lowest is the tidiest; racers that met once spread out.
    private async Task<int?> FindFreeAsync(RabbitDbContext context, PortRange range, bool contended, CancellationToken cancellationToken)
    {
        int from = contended ? Random.Shared.Next(range.First, range.Last + 1)
            : _next is { } hint && hint.Range == range ? hint.Port : range.First;
        return await FindFreeAsync(context, from, range.Last, cancellationToken)
            ?? await FindFreeAsync(context, range.First, from - 1, cancellationToken);
    }

    // The lowest free port of these: the first, or else the one behind the first taken port that has no taken neighbour. The
    // database finds it along the unique index, and reads no further.
    private static async Task<int?> FindFreeAsync(RabbitDbContext context, int first, int last, CancellationToken cancellationToken)
    {
        if (first > last)
            return null;
        IQueryable<PortAssignmentRow> taken = context.PortAssignments.Where(row => row.Protocol == PortAssignmentRow.Tcp);
        if (!await taken.AnyAsync(row => row.Port == first, cancellationToken))
            return first;
        return await taken
            .Where(row => row.Port >= first && row.Port < last && !taken.Any(neighbour => neighbour.Port == row.Port + 1))
            .OrderBy(row => row.Port).Select(row => (int?)row.Port + 1).FirstOrDefaultAsync(cancellationToken);
    }

    private static ManagementResult<PortAssignmentRow> Fail(ManagementError error, string sentence) =>
        ManagementResult<PortAssignmentRow>.Fail(error, sentence);

    // Below this port all of the range was taken.
    private sealed record Hint(PortRange Range, int Port);
}
