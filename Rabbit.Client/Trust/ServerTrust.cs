using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Rabbit.Client.Commands;
using Rabbit.Client.Connection;
using Rabbit.Protocol;
using Rabbit.Protocol.Credentials;

namespace Rabbit.Client.Trust;

/// <summary>
/// Decides whether the server is the one meant: by a pinned fingerprint, by an authority, by the system's authorities, or else
/// by trust on first use, which refuses a certificate that has changed.
/// </summary>
internal sealed partial class ServerTrust(ConnectOptions options, KnownServers known, ILogger logger)
{
    private readonly X509Certificate2Collection? _authorities = LoadAuthorities(options.CaFile);
    private string? _refusal;
    private string? _accepted;

    /// <summary>Settings for the handshake of a control channel.</summary>
    public SslClientAuthenticationOptions CreateControlOptions() => CreateOptions(
        (certificate, errors) => Decide(certificate, errors),
        options.Fingerprint is null ? _authorities : []);

    /// <summary>
    /// Settings for the handshake of a data channel: it must show the certificate that was accepted for the control channel,
    /// whose chain is not built again for each. One set serves all, so that TLS sessions can be resumed.
    /// </summary>
    public SslClientAuthenticationOptions CreateDataOptions() => CreateOptions(
        (certificate, _) => CertificateFingerprint.Of(certificate) == _accepted
            || Refuse("A data channel reached a server with another certificate than the control channel's; see that all servers behind this address have the same."),
        authorities: []);

    /// <param name="decide">Has the last word.</param>
    /// <param name="authorities">Roots to build the chain to; null: the system's, which takes a thousand times as long as none.</param>
    private SslClientAuthenticationOptions CreateOptions(
        Func<X509Certificate, SslPolicyErrors, bool> decide, X509Certificate2Collection? authorities)
    {
        var tls = new SslClientAuthenticationOptions
        {
            TargetHost = options.Host,
            ApplicationProtocols = [new SslApplicationProtocol(Preamble.AlpnName)],
            RemoteCertificateValidationCallback = (_, certificate, _, errors) => certificate is not null && decide(certificate, errors),
        };
        if (authorities is not null)
        {
            tls.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            tls.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }
        return tls;
    }

    /// <summary>Why the last handshake was refused, for a failure that is ours.</summary>
    /// <exception cref="TunnelFailedException">The server's certificate was refused.</exception>
    public void ThrowIfRefused()
    {
        if (_refusal is { } sentence)
            throw new TunnelFailedException(sentence);
    }

    private bool Decide(X509Certificate certificate, SslPolicyErrors errors)
    {
        _refusal = null;
        string fingerprint = CertificateFingerprint.Of(certificate);
        if (fingerprint == _accepted)
            return true;
        if (options.Fingerprint is { } pinned)
        {
            if (fingerprint != pinned)
                return Refuse($"The server's certificate is not the pinned one: expected {pinned}, got {fingerprint}. If the server's certificate was replaced on purpose, use the new fingerprint; otherwise somebody is in between.");
        }
        else if (_authorities is not null)
        {
            if (errors != SslPolicyErrors.None)
                return Refuse($"The server's certificate was not issued for {options.Host} by the authority in {options.CaFile} ({errors}).");
        }
        else if (errors != SslPolicyErrors.None && !IsKnownOrNew(fingerprint))
        {
            return false;
        }
        _accepted = fingerprint;
        return true;
    }

    private bool IsKnownOrNew(string fingerprint)
    {
        try
        {
            if (known.Find(options.Host, options.Port) is { } remembered)
            {
                return fingerprint == remembered
                    || Refuse($"The certificate of {options.Host}:{options.Port} has changed: it was {remembered} and is {fingerprint}. If it was replaced on purpose, remove the server's line from {known.File}; otherwise somebody is in between.");
            }
            known.Add(options.Host, options.Port, fingerprint);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Refuse($"{known.File} cannot be used ({e.Message}); pin the server with --fingerprint {fingerprint} if that is what the server prints.");
        }
        LogRemembered(options.Host, options.Port, fingerprint);
        return true;
    }

    private bool Refuse(string sentence)
    {
        _refusal = sentence;
        return false;
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
        catch (System.Security.Cryptography.CryptographicException e)
        {
            throw new FormatException($"The file {file} of --ca holds no certificate in PEM form.", e);
        }
        return authorities;
    }

    [LoggerMessage(EventIds.ServerRemembered, LogLevel.Warning, "First contact with {Host}:{Port}: its certificate {Fingerprint} is remembered, compare it with what the server printed")]
    private partial void LogRemembered(string host, int port, string fingerprint);
}
