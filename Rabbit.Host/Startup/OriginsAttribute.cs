using System.ComponentModel.DataAnnotations;

namespace Rabbit.Host.Startup;

/// <summary>Origins (RFC 6454) with commas between them: scheme, host, and port where it is not the scheme's.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class OriginsAttribute : ValidationAttribute
{
    public OriginsAttribute()
        : base("{0} must be origins such as https://ops.example.com, with commas between them.")
    {
    }

    /// <inheritdoc/>
    public override bool IsValid(object? value) =>
        (value as string ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).All(
            origin => Uri.TryCreate(origin, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https"
                && uri!.GetLeftPart(UriPartial.Authority).Equals(origin, StringComparison.OrdinalIgnoreCase));
}
