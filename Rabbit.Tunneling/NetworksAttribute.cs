using System.ComponentModel.DataAnnotations;

namespace Rabbit.Tunneling;

/// <summary>The value must be CIDR networks with commas between them; empty for none.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class NetworksAttribute() : ValidationAttribute("{0} must be networks such as 10.0.0.0/8 or 2001:db8::/32, with commas between them.")
{
    /// <inheritdoc/>
    public override bool IsValid(object? value) => value is string text && NetworkText.TryReadList(text, out _);
}
