using System.Linq.Expressions;
using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Model;

namespace Rabbit.Persistence.ConnectionLogs.Reading;

/// <summary>A value that a column must have; the column has an index that goes on with the time and the id.</summary>
/// <param name="Property">The column's property.</param>
/// <param name="Value">As it is stored.</param>
/// <param name="Holds">The condition itself.</param>
internal sealed record ConnectionLogCondition(string Property, object Value, Expression<Func<ConnectionLogRow, bool>> Holds)
{
    /// <summary>The rows of a stretch for which it holds, by the column's index, newest first.</summary>
    public IQueryable<ConnectionLogRow> NewestFirst(RabbitDbContext context, ConnectionLogStretch stretch) =>
        (context.Database.IsNpgsql() ? Compare(context, stretch) : stretch.Within(context).Where(Holds))
            .OrderByDescending(row => EF.Property<object>(row, Property)).ThenByDescending(row => row.StartedAt).ThenByDescending(row => row.Id);

    // As comparisons of whole index keys. For an equality PostgreSQL may prefer the primary key, of which it takes every row in
    // hand until enough have the value: it expects them to be spread evenly, and reads millions when they are not. "<=" though the
    // position itself is not wanted: by "<" it would expect next to nothing, and sort whatever there is.
    private IQueryable<ConnectionLogRow> Compare(RabbitDbContext context, ConnectionLogStretch stretch)
    {
        string column = context.Model.FindEntityType(typeof(ConnectionLogRow))!.FindProperty(Property)!.GetColumnName();
#pragma warning disable RS0030 // The column is the model's own name of it; all values are parameters.
        return context.ConnectionLogs.FromSql(FormattableStringFactory.Create(
            $$"""
            SELECT * FROM connection_logs
            WHERE ({{column}}, started_at, id) <= ({0}, {1}, {2}) AND ({{column}}, started_at, id) >= ({0}, {3}, {4})
                AND (started_at, id) <> ({1}, {2}) AND started_at <= {1} AND started_at >= {3}
            """, Value, stretch.Behind.StartedAt, stretch.Behind.Id, stretch.From, Guid.Empty)).AsNoTracking();
#pragma warning restore RS0030
    }
}
