namespace Rabbit.Benchmarks.Database;

/// <summary>What a seeded database shall hold.</summary>
/// <param name="Rows">Rows of connection_logs, over <see cref="Days"/> up to now.</param>
/// <param name="Tokens">Tokens, with the ports from <see cref="FirstPort"/> on, a hundred in each team.</param>
/// <param name="Sessions">Restorable sessions, of the first tokens.</param>
/// <param name="EndedSessions">Sessions that are over, of all tokens.</param>
/// <param name="Days">Over how many days the rows lie.</param>
/// <param name="Seed">Of the random numbers.</param>
internal sealed record SeedOptions(int Rows, int Tokens, int Sessions, int EndedSessions, int Days, int Seed)
{
    public const int FirstPort = 10000;
    public const int TokensPerTeam = 100;
}
