using System.ComponentModel.DataAnnotations;
using Rabbit.Tunneling;

namespace Rabbit.Host.Startup;

/// <summary>Where the API listens. Bound from the configuration section <c>Rabbit</c>.</summary>
public sealed class ApiOptions
{
    /// <summary>Address of the API: textual IP address.</summary>
    [IpAddress]
    public string ApiBind { get; set; } = "127.0.0.1";

    /// <summary>API port; 0 takes a free one.</summary>
    [Range(0, 65535, ErrorMessage = "{0} must be from {1} to {2}.")]
    public int ApiPort { get; set; } = 8080;
}
