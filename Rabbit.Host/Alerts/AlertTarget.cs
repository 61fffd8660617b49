using System.Security.Cryptography;
using System.Text;

namespace Rabbit.Host.Alerts;

/// <summary>A receiver of alerts. Its address may hold a secret, so that logs and the database have other names for it.</summary>
/// <param name="Address">Where alerts are posted to.</param>
internal sealed record AlertTarget(Uri Address)
{
    private const int IdLength = 16;

    /// <summary>Its name in the database: of the address's hash.</summary>
    public string Id { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Address.AbsoluteUri)))[..IdLength];

    /// <summary>Its name for people: the address without its path.</summary>
    public string Name { get; } = Address.GetLeftPart(UriPartial.Authority);
}
