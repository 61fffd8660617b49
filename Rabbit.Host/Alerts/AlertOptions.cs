using System.ComponentModel.DataAnnotations;

namespace Rabbit.Host.Alerts;

/// <summary>Whom to alert, of what. Bound from the configuration section <c>Rabbit</c>; docs/health.md explains each.</summary>
public sealed class AlertOptions
{
    /// <summary>Receivers' addresses, with commas between them; empty for no alerts.</summary>
    public string AlertUrl { get; set; } = "";

    /// <summary>What alerts are signed with: whsec_ and 24 to 64 bytes in base64; several, with spaces between them, while one takes another's place.</summary>
    public string AlertSecret { get; set; } = "";

    /// <summary>File that holds the same.</summary>
    public string AlertSecretFile { get; set; } = "";

    /// <summary>True to allow receivers at plain http on other machines.</summary>
    public bool AlertPlaintext { get; set; }

    /// <summary>How long a client must be away, or its service down, until that is told.</summary>
    public TimeSpan AlertGrace { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Days before a token's expiry at which that is told, with commas between them; empty for never.</summary>
    [RegularExpression("^ *([1-9][0-9]{0,2}( *, *[1-9][0-9]{0,2})*)? *$", ErrorMessage = "{0} must be days such as 7,1, each from 1 to 999.")]
    public string AlertExpiryDays { get; set; } = "7,1";
}
