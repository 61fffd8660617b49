using System.ComponentModel.DataAnnotations;

namespace Rabbit.Tunneling;

/// <summary>The value must be CIDR networks with commas between them, each allowed or, with ! in front, denied; empty for all.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class NetworkRulesAttribute() : ValidationAttribute(
    "{0} must be networks such as 10.0.0.0/8 or 2001:db8::/32, with commas between them, and ! in front of those that are denied.")
{
    /// <inheritdoc/>
    public override bool IsValid(object? value) => value is string text && NetworkRules.TryReadList(text, out _);
}
