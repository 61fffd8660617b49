using Rabbit.Host.Startup;
using Rabbit.Persistence.Database;

namespace Rabbit.Host.Api.Status;

/// <summary>Whether all is well with the server.</summary>
internal sealed class ServerHealth(StateStart state, StoreHealth stores)
{
    /// <summary>True once the tunnels are restored.</summary>
    public bool IsReady => state.Completed.IsCompletedSuccessfully;

    /// <summary>What is not well, a sentence each; empty when all is.</summary>
    public async Task<IReadOnlyList<string>> FindReasonsAsync(CancellationToken cancellationToken)
    {
        List<string> reasons = [.. (await stores.CheckAsync(cancellationToken)).Select(Describe)];
        if (reasons.Count == 0 && !state.Completed.IsCompleted)
            reasons.Add("The tunnels are not restored yet");
        return reasons;
    }

    private static string Describe(StoreProblem problem) => problem switch
    {
        StoreProblem.DatabaseNotReady => "The database could not be used at the start; tunnels are restored when it can",
        StoreProblem.DatabaseAway => "The database does not answer; tunnels go on, new tokens wait",
        StoreProblem.DatabaseNotWritable => "The database cannot be written; free some disk space where it is",
        _ => "The connection log's journal cannot be written; free some disk space in the data directory",
    };
}
