using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net;

namespace Rabbit.Tunneling;

/// <summary>An IP address with a port, such as 10.0.0.1:9998 or [fd00::1]:9998; or nothing.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class EndPointAttribute() : ValidationAttribute("{0} must be an IP address with a port, such as 10.0.0.1:9998.")
{
    /// <inheritdoc/>
    public override bool IsValid(object? value)
    {
        string text = value as string ?? "";
        return text.Length == 0 || (IPEndPoint.TryParse(text, out IPEndPoint? end)
            && text.EndsWith(string.Create(CultureInfo.InvariantCulture, $":{end.Port}"), StringComparison.Ordinal));
    }
}
