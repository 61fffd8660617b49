using System.CommandLine;
using System.Net;
using System.Net.Http.Headers;
using Rabbit.Protocol.Credentials;

namespace Rabbit.Host.Commands.Api;

/// <summary>The API that a command speaks to.</summary>
/// <param name="Address">Its URL, with a slash at the end.</param>
/// <param name="Key">Null where none is needed.</param>
/// <param name="Trust">Decides about its certificate.</param>
internal sealed record ApiTarget(Uri Address, ApiKey? Key, ApiTrust Trust)
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Whether it is on this machine.</summary>
    public bool IsLocal => IsLoopback(Address);

    /// <summary>Without the slash, as people write it.</summary>
    public string Name => Address.AbsoluteUri.TrimEnd('/');

    /// <exception cref="FormatException">One sentence about what was given wrong.</exception>
    /// <exception cref="IOException">The key cannot be read.</exception>
    public static ApiTarget Read(ParseResult parsed, bool needsKey)
    {
        string text = ApiFlags.Read(parsed, ApiFlags.Address, "RABBIT_API") ?? ApiFlags.DefaultAddress;
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https") || address.Host.Length == 0
            || address.UserInfo.Length > 0 || address.Query.Length > 0 || address.Fragment.Length > 0)
            throw new FormatException($"--api must be a URL such as {ApiFlags.DefaultAddress} or https://HOST:8080, not '{text}'.");
        address = new Uri(address.AbsoluteUri.TrimEnd('/') + "/");

        string? fingerprint = ApiFlags.Read(parsed, ApiFlags.Fingerprint, "RABBIT_FINGERPRINT");
        if (parsed.GetValue(ApiFlags.Fingerprint) is not null && address.Scheme == "http")
            throw new FormatException($"--fingerprint needs an API with https, not {text}.");
        var trust = new ApiTrust(fingerprint is null ? null : CertificateFingerprint.Normalize(fingerprint), ApiFlags.ReadData(parsed));

        ApiKey? key = needsKey ? ApiKey.Find(parsed) ?? throw new FileNotFoundException(ApiKey.Missing(parsed)) : null;
        if (key is not null && address.Scheme == "http" && !IsLoopback(address) && !parsed.GetValue(ApiFlags.InsecureHttp))
            throw new FormatException($"The API key would go to {address.Host} without TLS, where others can read it; use https, or allow it with --insecure-http.");
        return new ApiTarget(address, key, trust);
    }

    /// <summary>Opens connections as they are needed.</summary>
    public HttpClient CreateHttpClient()
    {
        var sockets = new SocketsHttpHandler
        {
            ConnectTimeout = ConnectTimeout,
            AllowAutoRedirect = false,
            UseCookies = false,
            // A web proxy could read a key that goes without TLS.
            UseProxy = Address.Scheme == "https",
            SslOptions = { RemoteCertificateValidationCallback = Trust.Accepts },
        };
        var http = new HttpClient(new ApiDeadline { InnerHandler = sockets }) { BaseAddress = Address, Timeout = Timeout.InfiniteTimeSpan };
        if (Key is not null)
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key.Text);
        return http;
    }

    private static bool IsLoopback(Uri address) =>
        address.IdnHost.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(address.IdnHost.Trim('[', ']'), out IPAddress? ip) && IPAddress.IsLoopback(ip));
}
