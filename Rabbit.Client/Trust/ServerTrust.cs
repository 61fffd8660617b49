using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Rabbit.Client.Commands;
using Rabbit.Protocol;
using Rabbit.Protocol.Credentials;
using Rabbit.Protocol.Tls;

namespace Rabbit.Client.Trust;

/// <summary>
/// Decides whether the server is the one meant: by a pinned fingerprint, by an authority, by the system's authorities, or else
/// by trust on first use, which refuses a certificate that has changed.
/// </summary>
internal sealed partial class ServerTrust(
    ConnectOptions options, KnownServers known, ILogger logger, X509Certificate2Collection? authorities, ClientIdentity? identity)
{
    private const string NobodysHost = "rabbit.invalid";

    private static readonly SslApplicationProtocol RabbitProtocol = new(Preamble.AlpnName);

    // .NET resumes sessions by the server's name, and none where that is an address: data channels then use one that is nobody's
    // (RFC 2606). Their server is known by its certificate.
    private readonly string _dataHost = IPAddress.TryParse(options.Host, out _) ? NobodysHost : options.Host;
    private volatile string? _accepted;

    /// <exception cref="FormatException">A file that the options name cannot be used, in one sentence.</exception>
    public ServerTrust(ConnectOptions options, KnownServers known, ILogger logger)
        : this(
            options, known, logger, LoadAuthorities(options.CaFile),
            options.CertificateFile is null ? null : new ClientIdentity(options.CertificateFile, options.CertificateKeyFile))
    {
    }

    /// <summary>For a node of the server's cluster: by the fingerprint in its options, if there is one, and otherwise as for the server.</summary>
    public ServerTrust ForNode(ConnectOptions node) => new(node, known, logger, authorities, identity);

    /// <summary>Settings for the handshake of a control channel, which leaves its decision in <paramref name="verdict"/>.</summary>
    public SslClientAuthenticationOptions CreateControlOptions(TrustVerdict verdict)
    {
        identity?.Refresh();
        return CreateOptions(verdict, options.Host, options.Fingerprint is null ? authorities : [], FindFault);
    }

    /// <summary>
    /// Settings for the handshake of a data channel: it must show the certificate that was accepted for the control channel,
    /// and no chain is built for it again. Where it shows another, <paramref name="verdict"/> says so: the server's may have been renewed.
    /// </summary>
    public SslClientAuthenticationOptions CreateDataOptions(TrustVerdict verdict) => CreateOptions(
        verdict, _dataHost, roots: [], (certificate, _, _) => CertificateFingerprint.Of(certificate) == _accepted
            ? null
            : "The server shows another certificate than at the login.");

    /// <summary>Settings for the handshake of a data channel with another node: it must show the certificate of this fingerprint.</summary>
    public SslClientAuthenticationOptions CreateNodeOptions(string fingerprint) => CreateOptions(
        // Each node has sessions of its own to resume, under a name that is nobody's, too.
        new TrustVerdict(), $"{fingerprint[..Math.Min(32, fingerprint.Length)]}.{NobodysHost}", roots: [],
        (certificate, _, _) => CertificateFingerprint.Of(certificate) == fingerprint ? null : "The node shows another certificate than the server has told of.");

    /// <param name="verdict">Takes the decision.</param>
    /// <param name="host">Name of the server.</param>
    /// <param name="roots">
    /// Authorities to build the chain to, which is done for every handshake; null: the system's, of which there are a hundred and more.
    /// </param>
    /// <param name="findFault">Says why the certificate is refused, or null.</param>
    private SslClientAuthenticationOptions CreateOptions(
        TrustVerdict verdict, string host, X509Certificate2Collection? roots, Func<X509Certificate, SslPolicyErrors, bool, string?> findFault)
    {
        var tls = new SslClientAuthenticationOptions
        {
            TargetHost = host,
            ApplicationProtocols = [RabbitProtocol],
            EnabledSslProtocols = TlsVersions.Allowed,
            ClientCertificateContext = identity?.Current,
            RemoteCertificateValidationCallback = (stream, certificate, _, errors) =>
            {
                verdict.Refusal = certificate is null
                    ? $"{options.Host}:{options.Port} shows no certificate."
                    : findFault(certificate, errors, ((SslStream)stream).NegotiatedApplicationProtocol == RabbitProtocol);
                return verdict.Refusal is null;
            },
        };
        if (roots is not null)
        {
            tls.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            tls.CertificateChainPolicy.CustomTrustStore.AddRange(roots);
        }
        return tls;
    }

    /// <summary>Why the certificate is refused, or null.</summary>
    private string? FindFault(X509Certificate certificate, SslPolicyErrors errors, bool agreedOnRabbit)
    {
        string fingerprint = CertificateFingerprint.Of(certificate);
        if (fingerprint == _accepted)
            return null;
        string? fault = null;
        if (options.Fingerprint is { } pinned)
        {
            if (fingerprint != pinned)
                fault = $"The server's certificate is not the pinned one: expected {pinned}, got {fingerprint}. If the server's certificate was replaced on purpose, use the new fingerprint; otherwise somebody is in between.";
        }
        else if (authorities is not null)
        {
            if (errors != SslPolicyErrors.None)
                fault = $"The server's certificate was not issued for {options.Host} by the authority in {options.CaFile} ({errors}).";
        }
        else if (errors != SslPolicyErrors.None)
        {
            fault = FindFaultOfUnvouched(fingerprint, agreedOnRabbit);
        }
        if (fault is null)
            _accepted = fingerprint;
        return fault;
    }

    private string? FindFaultOfUnvouched(string fingerprint, bool agreedOnRabbit)
    {
        try
        {
            // First use is over once a certificate was accepted, also one that an authority vouched for.
            string? remembered = known.Find(options.Host, options.Port);
            if (fingerprint == remembered)
                return null;
            if ((remembered ?? _accepted) is { } expected)
                return $"The certificate of {options.Host}:{options.Port} has changed: it was {expected} and is {fingerprint}. If it was replaced on purpose, remove the server's line from {known.File} and start again; otherwise somebody is in between.";
            // A server of something else is neither remembered nor shown the token.
            if (!agreedOnRabbit)
                return $"{options.Host}:{options.Port} answered with TLS, but not as a Rabbit server: check the address; the control port is {ConnectionUri.DefaultPort} by default. (Where something else ends the TLS for it, pin that with --fingerprint {fingerprint}.)";
            known.Add(options.Host, options.Port, fingerprint);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"{known.File} cannot be used ({e.Message.TrimEnd('.')}); pin the server with --fingerprint {fingerprint} if that is what the server prints.";
        }
        LogRemembered(options.Host, options.Port, fingerprint);
        return null;
    }

    private static X509Certificate2Collection? LoadAuthorities(string? file)
    {
        if (file is null)
            return null;
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPemFile(file);
        }
        catch (CryptographicException)
        {
            // Said below, as of a file without any.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"The file {file} of --ca cannot be read: {e.Message}", e);
        }
        if (authorities.Count == 0)
            throw new FormatException($"The file {file} of --ca holds no certificate in PEM form.");
        return authorities;
    }

    [LoggerMessage(EventIds.ServerRemembered, LogLevel.Warning, "First contact with {Host}:{Port}: its certificate {Fingerprint} is remembered, compare it with what the server printed")]
    private partial void LogRemembered(string host, int port, string fingerprint);
}
