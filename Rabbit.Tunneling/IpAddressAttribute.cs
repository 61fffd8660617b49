using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Rabbit.Tunneling;

/// <summary>The value must be a textual IP address, of version 4 or 6.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class IpAddressAttribute() : ValidationAttribute("{0} must be an IP address of this machine, such as 0.0.0.0 or 127.0.0.1.")
{
    /// <inheritdoc/>
    public override bool IsValid(object? value) => value is string text && IPAddress.TryParse(text, out _);
}
