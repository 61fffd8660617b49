namespace Rabbit.Persistence.Import;

/// <summary>A team as rabbit.go has it.</summary>
internal sealed record RabbitGoTeam(string Id, string Name, string Description, DateTimeOffset? CreatedAt, bool IsActive);

/// <summary>A token as rabbit.go has it, with the token itself. Its port is the newest of its tcp ports, those that are reserved first.</summary>
internal sealed record RabbitGoToken(
    string Id, string TeamId, string Text, string Name, string Description, DateTimeOffset? CreatedAt, DateTimeOffset? ExpiresAt,
    DateTimeOffset? LastUsedAt, bool IsActive, int? Port)
{
    /// <summary>The token itself stays out of what is printed.</summary>
    public override string ToString() => $"{Name} ({Id})";
}

/// <summary>What is read of a database of rabbit.go.</summary>
internal sealed record RabbitGoState(IReadOnlyList<RabbitGoTeam> Teams, IReadOnlyList<RabbitGoToken> Tokens);
