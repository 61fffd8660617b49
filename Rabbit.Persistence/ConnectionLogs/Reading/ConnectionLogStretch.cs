using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Model;

namespace Rabbit.Persistence.ConnectionLogs.Reading;

/// <summary>The part of the log that a page may come from: what began at a time or later, and lies behind a position.</summary>
internal sealed record ConnectionLogStretch(DateTimeOffset From, ConnectionLogPosition Behind)
{
    /// <summary>What a filter and a cursor leave. There is one upper end, since of two SQLite would enter the index by any.</summary>
    public static ConnectionLogStretch Of(ConnectionLogFilter filter, ConnectionLogPosition? cursor)
    {
        var end = filter.To is { } to
            ? new ConnectionLogPosition(to.ToUniversalTime(), Guid.Empty)
            : new ConnectionLogPosition(DateTimeOffset.MaxValue, Guid.AllBitsSet);
        return new ConnectionLogStretch(
            filter.From?.ToUniversalTime() ?? DateTimeOffset.MinValue, cursor is not null && cursor.StartedAt < end.StartedAt ? cursor : end);
    }

    /// <summary>Its rows, in the order of the primary key.</summary>
    public IQueryable<ConnectionLogRow> NewestFirst(RabbitDbContext context) =>
        Within(context).OrderByDescending(row => row.StartedAt).ThenByDescending(row => row.Id);

    /// <summary>Its rows, in no order.</summary>
    public IQueryable<ConnectionLogRow> Within(RabbitDbContext context)
    {
        var (at, id) = Behind;
        // The second comparison is the one that the index is entered by.
        return context.ConnectionLogs.AsNoTracking().Where(
            row => row.StartedAt >= From && row.StartedAt <= at && (row.StartedAt < at || row.Id.CompareTo(id) < 0));
    }
}
