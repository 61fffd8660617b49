using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Rabbit.Host.Startup;

/// <summary>Where the API listens. Bound from the configuration section <c>Rabbit</c>.</summary>
public sealed class ApiOptions : IValidatableObject
{
    /// <summary>Address of the API: textual IP address.</summary>
    [Required]
    public string ApiBind { get; set; } = "127.0.0.1";

    /// <summary>API port; 0 takes a free one.</summary>
    [Range(0, 65535, ErrorMessage = "--api-port must be a port from 0 to 65535.")]
    public int ApiPort { get; set; } = 8080;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!IPAddress.TryParse(ApiBind, out _))
            yield return new ValidationResult($"--api-bind must be an IP address of this machine, not '{ApiBind}'.");
    }
}
