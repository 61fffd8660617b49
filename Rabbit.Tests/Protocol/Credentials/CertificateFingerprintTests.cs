using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Rabbit.Protocol.Credentials;
using Rabbit.Tests.Protocol.Transport;
using Xunit;

namespace Rabbit.Tests.Protocol.Credentials;

public sealed class CertificateFingerprintTests
{
    [Fact]
    public void Of_Certificate_IsTheSha256OfItsDer()
    {
        using X509Certificate2 certificate = TlsPair.CreateCertificate();
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(certificate.RawData)), CertificateFingerprint.Of(certificate));
    }

    [Fact]
    public void Normalize_AsPeoplePasteIt_IsCanonical()
    {
        byte[] bytes = SHA256.HashData("x"u8);
        string canonical = Convert.ToHexStringLower(bytes);
        Assert.Equal(canonical, CertificateFingerprint.Normalize(canonical));
        Assert.Equal(canonical, CertificateFingerprint.Normalize($" SHA256:{BitConverter.ToString(bytes).Replace('-', ':')} "));
    }

    [Theory]
    [InlineData("")]
    [InlineData("abcd")]
    [InlineData("g123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")]
    public void Normalize_NotASha256_Throws(string text) =>
        Assert.Throws<FormatException>(() => CertificateFingerprint.Normalize(text));
}
