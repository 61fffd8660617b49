namespace Rabbit.Persistence.Model;

/// <summary>What operators have been alerted of, and not yet of its end.</summary>
internal sealed class AlertProblemRow
{
    public required string TokenId { get; set; }

    public TokenRow? Token { get; set; }

    /// <summary>The type of the alert that told of it.</summary>
    public required string Type { get; set; }

    /// <summary>What exactly was told, where the type does not say it all.</summary>
    public string Mark { get; set; } = "";

    public DateTimeOffset Since { get; set; }
}
