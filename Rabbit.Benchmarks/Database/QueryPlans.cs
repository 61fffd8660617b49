using System.Data.Common;
using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Rabbit.Persistence.Model;

namespace Rabbit.Benchmarks.Database;

/// <summary>
/// Listens to the statements that are sent, and has the database explain them. Entity Framework asks only now and then whether
/// anybody listens, so this must be made before the first query.
/// </summary>
internal sealed class QueryPlans : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private readonly List<Statement> _statements = [];
    private readonly List<IDisposable> _subscriptions = [];

    public QueryPlans() => _subscriptions.Add(DiagnosticListener.AllListeners.Subscribe(this));

    /// <summary>Runs a query once more; the plan of each of its statements.</summary>
    public async Task<IReadOnlyList<string>> ReadAsync(ApiQuery query, OpenedDatabase opened, CancellationToken cancellationToken)
    {
        _statements.Clear();
        await query.RunAsync(cancellationToken);
        Statement[] statements = [.. _statements];

        await using RabbitDbContext context = await opened.ConnectAsync(cancellationToken);
        string explain = context.Database.IsNpgsql() ? "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF)" : "EXPLAIN QUERY PLAN";
        var plans = new List<string>();
        foreach (Statement statement in statements)
        {
            await using DbCommand command = context.Database.GetDbConnection().CreateCommand();
            command.CommandText = $"{explain} {statement.Text}";
            foreach (var (name, value) in statement.Parameters)
            {
                DbParameter parameter = command.CreateParameter();
                (parameter.ParameterName, parameter.Value) = (name, value);
                command.Parameters.Add(parameter);
            }
            await using DbDataReader lines = await command.ExecuteReaderAsync(cancellationToken);
            var plan = new List<string> { statement.Text };
            while (await lines.ReadAsync(cancellationToken))
                plan.Add("    " + lines.GetString(lines.FieldCount - 1));
            plans.Add(string.Join(Environment.NewLine, plan));
        }
        return plans;
    }

    public void Dispose() => _subscriptions.ForEach(subscription => subscription.Dispose());

    void IObserver<DiagnosticListener>.OnNext(DiagnosticListener value)
    {
        if (value.Name == DbLoggerCategory.Name)
            _subscriptions.Add(value.Subscribe(this));
    }

    void IObserver<KeyValuePair<string, object?>>.OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Key == RelationalEventId.CommandExecuting.Name && value.Value is CommandEventData data && data.Command.CommandText.StartsWith("SELECT", StringComparison.Ordinal))
            _statements.Add(new Statement(data.Command.CommandText, [.. data.Command.Parameters.Cast<DbParameter>().Select(parameter => (parameter.ParameterName, parameter.Value))]));
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    private sealed record Statement(string Text, (string Name, object? Value)[] Parameters);
}
