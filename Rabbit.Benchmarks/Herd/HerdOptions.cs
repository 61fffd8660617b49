namespace Rabbit.Benchmarks.Herd;

/// <summary>How a herd is to be measured.</summary>
/// <param name="Server">The program <c>rabbit</c>.</param>
/// <param name="Database">Connection string of an empty PostgreSQL database, or empty for SQLite.</param>
/// <param name="Clients">How many clients, each with a token and a port of its own.</param>
/// <param name="OneAddress">True when they are all behind one address.</param>
/// <param name="Channels">Data channels that each of them keeps open.</param>
/// <param name="Down">How long the server is away.</param>
/// <param name="Crash">True to kill the server, false to stop it in order.</param>
/// <param name="Limit">How long the last of them may take after the server listens.</param>
/// <param name="Seed">Of the random waits.</param>
internal sealed record HerdOptions(
    string Server, string Database, int Clients, bool OneAddress, int Channels, TimeSpan Down, bool Crash, TimeSpan Limit, int Seed);
