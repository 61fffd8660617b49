namespace Rabbit.Persistence.Import;

/// <summary>What became of a token.</summary>
public enum ImportOutcome
{
    /// <summary>It is in Rabbit's database now, with its port.</summary>
    Taken,

    /// <summary>It was there before, and is as it was.</summary>
    Present,

    /// <summary>It was left where it is.</summary>
    Left,
}

/// <summary>What became of one token.</summary>
/// <param name="Team">The name of its team in Rabbit, or its id where the team is not taken.</param>
/// <param name="Name">Its name.</param>
/// <param name="TokenId">Its id in Rabbit, or in rabbit.go where it was left.</param>
/// <param name="Port">Its port, or null.</param>
/// <param name="ExpiresAt">Its end, or null.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Reason">Why it was left, or empty.</param>
public sealed record ImportedToken(string Team, string Name, string TokenId, int? Port, DateTimeOffset? ExpiresAt, ImportOutcome Outcome, string Reason);

/// <summary>What an import did, or would do.</summary>
/// <param name="Teams">Names of the teams that were made.</param>
/// <param name="Tokens">Every token that was found.</param>
/// <param name="PortsOutside">How many of the ports taken lie outside of the server's range; they are good all the same.</param>
public sealed record ImportReport(IReadOnlyList<string> Teams, IReadOnlyList<ImportedToken> Tokens, int PortsOutside)
{
    /// <summary>How many tokens ended so.</summary>
    public int Count(ImportOutcome outcome) => Tokens.Count(token => token.Outcome == outcome);
}
