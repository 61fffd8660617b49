using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace Rabbit.Tunneling;

/// <summary>A host name or address with a port, such as node-1.example.com:9999; or nothing.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class HostAndPortAttribute() : ValidationAttribute("{0} must be a host and a port, such as node-1.example.com:9999.")
{
    /// <inheritdoc/>
    public override bool IsValid(object? value)
    {
        string text = value as string ?? "";
        if (text.Length == 0)
            return true;
        int colon = text.LastIndexOf(':');
        return colon > 0 && Uri.CheckHostName(text[..colon].Trim('[', ']')) != UriHostNameType.Unknown
            && ushort.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) && port > 0;
    }
}
