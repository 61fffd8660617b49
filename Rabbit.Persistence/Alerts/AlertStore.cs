using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Model;

namespace Rabbit.Persistence.Alerts;

/// <summary>
/// Of what operators have been alerted, so that they are told of its end, also by another process; and the alerts that receivers have
/// not taken yet.
/// </summary>
public sealed class AlertStore
{
    /// <summary>Deliveries that may wait; alerts beyond are lost.</summary>
    public const int MostWaiting = 10_000;

    private readonly RabbitDatabase _database;

    internal AlertStore(RabbitDatabase database) => _database = database;

    /// <summary>What has been told of tokens that are still valid, and not yet of its end.</summary>
    public async Task<IReadOnlyList<AlertProblem>> ListProblemsAsync(CancellationToken cancellationToken) => await _database.RunAsync(context =>
        context.AlertProblems.AsNoTracking().Where(row => row.Token!.RevokedAt == null)
            .Select(row => new AlertProblem(row.TokenId, row.Type, row.Mark, row.Since)).ToListAsync(cancellationToken));

    /// <summary>
    /// In one transaction: a problem is noted, or taken off the list, and the alert of it goes on its way. False when too many wait, so
    /// that it does not.
    /// </summary>
    /// <param name="problem">What the alert is about.</param>
    /// <param name="isOver">True for its end.</param>
    /// <param name="deliveries">The alert, once for each receiver; none when nobody is to be told.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<bool> SaveAsync(
        AlertProblem problem, bool isOver, IReadOnlyCollection<AlertDelivery> deliveries, CancellationToken cancellationToken)
    {
        try
        {
            return await _database.WriteAsync(async context =>
            {
                await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
                await context.AlertProblems.Where(row => row.TokenId == problem.TokenId && row.Type == problem.Type).ExecuteDeleteAsync(cancellationToken);
                if (!isOver)
                    context.AlertProblems.Add(new AlertProblemRow { TokenId = problem.TokenId, Type = problem.Type, Mark = problem.Mark, Since = StoredTime.ToStored(problem.Since) });
                bool isRoom = deliveries.Count == 0 || await context.AlertDeliveries.CountAsync(cancellationToken) + deliveries.Count <= MostWaiting;
                if (isRoom)
                    context.AlertDeliveries.AddRange(deliveries.Select(ToRow));
                await context.SaveChangesAsync(cancellationToken);
                await transaction.CommitAsync(cancellationToken);
                return isRoom;
            }, cancellationToken);
        }
        catch (DbUpdateException e) when (DatabaseFailure.IsForeignKeyViolation(e))
        {
            return true; // The token was deleted meanwhile: there is nothing left to tell.
        }
    }

    /// <summary>Tokens that expire after a moment and until another.</summary>
    public async Task<IReadOnlyList<ExpiringToken>> ListExpiringAsync(DateTimeOffset after, DateTimeOffset until, CancellationToken cancellationToken) =>
        await _database.RunAsync(context => context.Tokens.AsNoTracking()
            .Where(row => row.RevokedAt == null && row.ExpiresAt > after && row.ExpiresAt <= until && row.PortAssignment != null)
            .OrderBy(row => row.ExpiresAt)
            .Select(row => new ExpiringToken(row.Id, row.Name, row.TeamId, row.Team!.Name, row.PortAssignment!.Port, row.ExpiresAt!.Value))
            .ToListAsync(cancellationToken));

    /// <summary>The deliveries that are due, the oldest alert first.</summary>
    public async Task<IReadOnlyList<AlertDelivery>> ListDueAsync(DateTimeOffset now, int most, CancellationToken cancellationToken) =>
        await _database.RunAsync(context => context.AlertDeliveries.AsNoTracking().Where(row => row.NextAt <= now)
            .OrderBy(row => row.MadeAt).ThenBy(row => row.Id).Take(most)
            .Select(row => new AlertDelivery(row.Id, row.AlertId, row.Target, row.Body, row.MadeAt, row.NextAt, row.Attempts)).ToListAsync(cancellationToken));

    /// <summary>How many deliveries wait, and when the next is due.</summary>
    public async Task<(int Count, DateTimeOffset? NextAt)> ReadWaitingAsync(CancellationToken cancellationToken) => await _database.RunAsync(async context =>
        (await context.AlertDeliveries.CountAsync(cancellationToken),
            await context.AlertDeliveries.OrderBy(row => row.NextAt).Select(row => (DateTimeOffset?)row.NextAt).FirstOrDefaultAsync(cancellationToken)));

    /// <summary>Takes a delivery for one attempt, until when another may; false when somebody else has taken it.</summary>
    public Task<bool> ClaimAsync(AlertDelivery delivery, DateTimeOffset until, CancellationToken cancellationToken) =>
        _database.WriteAsync(async context => await context.AlertDeliveries.Where(row => row.Id == delivery.Id && row.NextAt == delivery.NextAt)
            .ExecuteUpdateAsync(
                set => set.SetProperty(row => row.NextAt, StoredTime.ToStored(until)).SetProperty(row => row.Attempts, row => row.Attempts + 1),
                cancellationToken) == 1, cancellationToken);

    /// <summary>It is tried again then.</summary>
    public Task PostponeAsync(Guid id, DateTimeOffset until, CancellationToken cancellationToken) => _database.WriteAsync(
        context => context.AlertDeliveries.Where(row => row.Id == id)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.NextAt, StoredTime.ToStored(until)), cancellationToken), cancellationToken);

    /// <summary>It has arrived, or was given up.</summary>
    public Task RemoveAsync(Guid id, CancellationToken cancellationToken) => _database.WriteAsync(
        context => context.AlertDeliveries.Where(row => row.Id == id).ExecuteDeleteAsync(cancellationToken), cancellationToken);

    /// <summary>Removes what was meant for receivers other than these; how much.</summary>
    public Task<int> KeepOnlyAsync(IReadOnlyCollection<string> targets, CancellationToken cancellationToken) => _database.WriteAsync(
        context => context.AlertDeliveries.Where(row => !targets.Contains(row.Target)).ExecuteDeleteAsync(cancellationToken), cancellationToken);

    private static AlertDeliveryRow ToRow(AlertDelivery delivery) => new()
    {
        Id = delivery.Id,
        AlertId = delivery.AlertId,
        Target = delivery.Target,
        Body = delivery.Body,
        MadeAt = StoredTime.ToStored(delivery.MadeAt),
        NextAt = StoredTime.ToStored(delivery.NextAt),
        Attempts = delivery.Attempts,
    };
}
