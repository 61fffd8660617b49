using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Model;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Management;

/// <summary>
/// Finds tokens for logins. One that is alone is looked up at once; where many come together, as after a restart, those that gather
/// while a statement is under way share the next. What is found was in the database after it was asked for.
/// </summary>
internal sealed class TokenLookup(RabbitDatabase database)
{
    private const int LargestBatch = 256;

    // More than one, so that a connection that hangs does not keep all logins waiting.
    private const int StatementsAtOnce = 4;

    private readonly Lock _lock = new();
    private readonly Queue<Asked> _waiting = new();
    private int _running;

    /// <summary>The token with this id, or null.</summary>
    /// <exception cref="StoreUnavailableException">The database does not answer or refuses to work now.</exception>
    public Task<TokenRecord?> FindAsync(string tokenId)
    {
        var asked = new Asked(tokenId);
        lock (_lock)
        {
            _waiting.Enqueue(asked);
            if (_running == StatementsAtOnce)
                return asked.Answer.Task;
            _running++;
        }
        _ = AnswerAsync(); // Ends when nobody waits, and never fails: who asked gets the exception.
        return asked.Answer.Task;
    }

    private async Task AnswerAsync()
    {
        var batch = new List<Asked>();
        while (TakeBatch(batch))
        {
            try
            {
                string[] ids = [.. batch.Select(asked => asked.TokenId).Distinct()];
                Dictionary<string, TokenRecord> found = await database.RunAsync(context => ReadAsync(context, ids));
                batch.ForEach(asked => asked.Answer.TrySetResult(found.GetValueOrDefault(asked.TokenId)));
            }
            catch (Exception e)
            {
                batch.ForEach(asked => asked.Answer.TrySetException(e));
            }
        }
    }

    private bool TakeBatch(List<Asked> batch)
    {
        batch.Clear();
        lock (_lock)
        {
            while (batch.Count < LargestBatch && _waiting.TryDequeue(out Asked? asked))
                batch.Add(asked);
            if (batch.Count == 0)
                _running--;
        }
        return batch.Count > 0;
    }

    private static async Task<Dictionary<string, TokenRecord>> ReadAsync(RabbitDbContext context, string[] ids)
    {
        List<TokenRow> rows = await context.Tokens.AsNoTracking().Include(token => token.Team).Include(token => token.PortAssignment)
            .Where(token => EF.Parameter(ids).Contains(token.Id) && token.PortAssignment != null)
            .ToListAsync();
        return rows.ToDictionary(row => row.Id, TokenStore.ToRecord);
    }

    private sealed record Asked(string TokenId)
    {
        public TaskCompletionSource<TokenRecord?> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
