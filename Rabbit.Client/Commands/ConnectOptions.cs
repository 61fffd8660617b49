using System.Globalization;
using Rabbit.Client.Connection;
using Rabbit.Client.Credentials;
using Rabbit.Client.Health;
using Rabbit.Protocol.Credentials;
using Rabbit.Protocol.Proxy;
using Rabbit.Protocol.Transport;

namespace Rabbit.Client.Commands;

/// <summary>What a tunnel needs, checked.</summary>
/// <param name="Token">The whole token.</param>
/// <param name="Host">The server's host.</param>
/// <param name="Port">The server's control port.</param>
/// <param name="Local">Where the local service listens.</param>
/// <param name="Fingerprint">SHA-256 of the server's certificate, or null.</param>
/// <param name="CaFile">PEM file of the authority to trust, or null.</param>
/// <param name="Plaintext">True to speak without TLS.</param>
/// <param name="Name">Name of this client for the server's list.</param>
/// <param name="SocketBuffer">Bytes that the kernel may hold of one connection in each direction; 0 leaves it to the kernel.</param>
/// <param name="ProxyProtocol">The PROXY header with which the local service is told each visitor's address, or null for none.</param>
/// <param name="CertificateFile">PEM file of the certificate that this client shows the server, or null for none.</param>
/// <param name="CertificateKeyFile">PEM file of its private key; null where the key is in the same file.</param>
/// <param name="Health">How the local service is asked whether it works, or null for not at all.</param>
/// <param name="NoDirect">True to open data channels to no other node than the one logged in to.</param>
/// <param name="NoStandby">True to keep no connection to a second node of the server's cluster.</param>
internal sealed record ConnectOptions(
    TokenText Token, string Host, int Port, LocalTarget Local, string? Fingerprint, string? CaFile, bool Plaintext, string Name,
    int SocketBuffer = SocketTuning.DefaultBuffer, ProxyVersion? ProxyProtocol = null, string? CertificateFile = null, string? CertificateKeyFile = null,
    HealthOptions? Health = null, bool NoDirect = false, bool NoStandby = false)
{
    // sun_path of unix(7), with its end.
    private const int LongestSocketPath = 107;

    /// <summary>The server as people write it.</summary>
    public string Server => string.Create(
        CultureInfo.InvariantCulture, $"{(Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host)}:{Port}");

    /// <exception cref="OptionException">One sentence that says what to correct.</exception>
    public static ConnectOptions Read(ConnectArguments arguments)
    {
        string Called(string option) => arguments.Call(option);
        var (uri, host, port) = ReadServer(arguments);
        LocalTarget local = ReadLocal(arguments);

        if (arguments.SocketBuffer is < 0 or > SocketTuning.MostBuffer)
            throw new OptionException("socket-buffer", $"{Called("socket-buffer")} must be from 0 (left to the kernel) to {SocketTuning.MostBuffer} bytes, not {arguments.SocketBuffer}.");
        ProxyVersion? proxyProtocol = arguments.ProxyProtocol switch
        {
            null => null,
            "1" or "v1" => ProxyVersion.Text,
            "2" or "v2" => ProxyVersion.Binary,
            _ => throw new OptionException("proxy-protocol", $"{Called("proxy-protocol")} must be 1 or 2, the version that the local service reads, not '{arguments.ProxyProtocol}'."),
        };
        HealthOptions health = HealthOptions.Read(arguments.Health, arguments.HealthInterval, arguments.Call);
        string? fingerprint = arguments.Fingerprint is null ? uri?.Fingerprint : Parse("fingerprint", arguments.Fingerprint, CertificateFingerprint.Normalize);
        bool plaintext = arguments.Plaintext || uri?.Plaintext == true;
        if (plaintext && (fingerprint ?? arguments.CaFile) is not null)
            throw new OptionException("plaintext", $"{Called("plaintext")} goes with neither a fingerprint nor {Called("ca")}, since without TLS the server cannot prove who it is.");
        if (plaintext && arguments.CertificateFile is not null)
            throw new OptionException("plaintext", $"{Called("plaintext")} does not go with {Called("certificate")}, which is shown under TLS only.");
        if (arguments is { CertificateFile: null, CertificateKeyFile: not null })
            throw new OptionException("certificate-key", $"{Called("certificate-key")} needs the certificate too; name its file with {Called("certificate")}.");
        if (arguments.CaFile is not null && !File.Exists(arguments.CaFile))
            throw new OptionException("ca", $"The file {arguments.CaFile} of {Called("ca")} does not exist.");

        TokenText token = TokenSource.Read(arguments, uri?.Token, host, port);
        return new ConnectOptions(
            token, host, port, local, fingerprint, arguments.CaFile, plaintext, arguments.Name, arguments.SocketBuffer,
            proxyProtocol, arguments.CertificateFile, arguments.CertificateKeyFile, health, arguments.NoDirect, arguments.NoStandby);
    }

    /// <summary>Reads a server's address.</summary>
    /// <exception cref="OptionException">One sentence that says what to correct.</exception>
    public static (ConnectionUri? Uri, string Host, int Port) ReadServer(ConnectArguments arguments)
    {
        if (arguments.Uri is ['-', ..])
            throw new OptionException("uri", $"There is no option '{arguments.Uri}'; 'tunnel-client connect --help' lists what there is.");
        ConnectionUri? uri = arguments.Uri is null ? null : Parse("uri", arguments.Uri, ConnectionUri.Parse);
        if (uri is null && arguments.Server is null)
            throw new OptionException("server", $"Name the server: paste the rabbit:// string that it printed, or give {arguments.Call("server")} HOST:PORT.");
        var (host, port) = arguments.Server is null ? (uri!.Host, uri.Port) : ReadHostAndPort(arguments.Server, arguments.Call("server"));
        if (port == 0)
            throw new OptionException(arguments.Server is null ? "uri" : "server", "The server's port must be 1 to 65535; it is the control port that the server prints.");
        return (uri, host, port);
    }

    private static (string Host, int Port) ReadHostAndPort(string server, string option)
    {
        if (!Uri.TryCreate($"rabbit://{server}", UriKind.Absolute, out Uri? uri) || uri.Host.Length == 0 || uri.UserInfo.Length > 0
            || uri.PathAndQuery.Trim('/').Length > 0 || uri.Fragment.Length > 0)
            throw new OptionException("server", string.Create(CultureInfo.InvariantCulture, $"{option} must look like HOST:PORT (port {ConnectionUri.DefaultPort} when left out), not '{server}'."));
        return (uri.IdnHost.Trim('[', ']'), uri.IsDefaultPort ? ConnectionUri.DefaultPort : uri.Port);
    }

    private static LocalTarget ReadLocal(ConnectArguments arguments)
    {
        if (arguments.LocalSocket is { } path)
        {
            if (arguments.LocalPort is not null)
                throw new OptionException("local-socket", $"Give either {arguments.Call("local-port")} or {arguments.Call("local-socket")}, not both.");
            if (path.Length == 0 || System.Text.Encoding.UTF8.GetByteCount(path) > LongestSocketPath || path.Contains('\0', StringComparison.Ordinal))
                throw new OptionException("local-socket", $"{arguments.Call("local-socket")} must be the path of a unix socket, of {LongestSocketPath} bytes at most, not '{path}'.");
            return new LocalTarget.Unix(path);
        }
        if (arguments.LocalPort is null)
            throw new OptionException("local-port", $"Say where the local service listens: {arguments.Call("local-port")} PORT, or {arguments.Call("local-socket")} PATH.");
        if (arguments.LocalHost.Length == 0)
            throw new OptionException("local-host", $"{arguments.Call("local-host")} must be the host of the local service; leave it out for localhost.");
        if (!ushort.TryParse(arguments.LocalPort, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) || port == 0)
            throw new OptionException("local-port", $"{arguments.Call("local-port")} must be the port of the local service, 1 to 65535, not '{arguments.LocalPort}'.");
        return new LocalTarget.Tcp(arguments.LocalHost, port);
    }

    private static T Parse<T>(string option, string text, Func<string, T> parse)
    {
        try
        {
            return parse(text);
        }
        catch (FormatException e)
        {
            throw new OptionException(option, e.Message, e);
        }
    }
}
