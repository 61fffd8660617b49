using System.ComponentModel.DataAnnotations;
using System.Net;
using Rabbit.Tunneling;

namespace Rabbit.Host.Startup;

/// <summary>Where and how the API is served. Bound from the configuration section <c>Rabbit</c>.</summary>
public sealed class ApiOptions
{
    private const string RangeMessage = "{0} must be from {1} to {2}.";

    /// <summary>Address of the API: textual IP address. On another than loopback it is served by HTTPS.</summary>
    [IpAddress]
    public string ApiBind { get; set; } = "127.0.0.1";

    /// <summary>API port; 0 takes a free one.</summary>
    [Range(0, 65535, ErrorMessage = RangeMessage)]
    public int ApiPort { get; set; } = 8080;

    /// <summary>True to serve plain HTTP on another address than loopback too: where something in front speaks TLS.</summary>
    public bool ApiPlaintext { get; set; }

    /// <summary>Origins whose pages may call the API from a browser, such as https://ops.example.com, with commas between them; empty for none.</summary>
    [Origins]
    public string ApiOrigins { get; set; } = "";

    /// <summary>Requests a second of each key; 0 for no limit. Five times as many may come at once.</summary>
    [Range(0, 1_000_000, ErrorMessage = RangeMessage)]
    public int ApiRate { get; set; } = 200;

    /// <summary>Requests a second without a valid key of each address (of an IPv6 network of 64 bits); 0 for no limit.</summary>
    [Range(0, 1_000_000, ErrorMessage = RangeMessage)]
    public int ApiAnonymousRate { get; set; } = 20;

    /// <summary>True when the API is served by HTTPS.</summary>
    public bool IsSecure() => !ApiPlaintext && !IPAddress.IsLoopback(IPAddress.Parse(ApiBind));

    /// <summary><see cref="ApiOrigins"/> one by one.</summary>
    public string[] CorsOrigins() => ApiOrigins.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
