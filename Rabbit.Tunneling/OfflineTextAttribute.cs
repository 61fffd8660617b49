using System.ComponentModel.DataAnnotations;
using Rabbit.Tunneling.OfflineReplies;

namespace Rabbit.Tunneling;

/// <summary>The value must be a sentence that visitors of an absent client can be told.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OfflineTextAttribute() : ValidationAttribute(
    "{0} must be one line of up to 200 characters, with no braces but those of {{port}}, {{tunnel}} and {{since}}.")
{
    /// <inheritdoc/>
    public override bool IsValid(object? value) => value is string text && OfflineText.IsValid(text);
}
