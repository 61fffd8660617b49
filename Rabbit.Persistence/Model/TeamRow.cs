namespace Rabbit.Persistence.Model;

internal sealed class TeamRow
{
    public required string Id { get; set; }

    public required string Name { get; set; }

    public string Description { get; set; } = "";

    public DateTimeOffset CreatedAt { get; set; }

    public List<TokenRow> Tokens { get; } = [];
}
