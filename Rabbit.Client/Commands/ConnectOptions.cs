using System.Globalization;
using Rabbit.Client.Health;
using Rabbit.Protocol.Credentials;
using Rabbit.Protocol.Proxy;
using Rabbit.Protocol.Transport;

namespace Rabbit.Client.Commands;

/// <summary>What a tunnel needs, checked.</summary>
/// <param name="Token">The whole token.</param>
/// <param name="Host">The server's host.</param>
/// <param name="Port">The server's control port.</param>
/// <param name="LocalHost">The local service's host.</param>
/// <param name="LocalPort">The local service's port.</param>
/// <param name="Fingerprint">SHA-256 of the server's certificate, or null.</param>
/// <param name="CaFile">PEM file of the authority to trust, or null.</param>
/// <param name="Plaintext">True to speak without TLS.</param>
/// <param name="Name">Name of this client for the server's list.</param>
/// <param name="SocketBuffer">Bytes that the kernel may hold of one connection in each direction; 0 leaves it to the kernel.</param>
/// <param name="ProxyProtocol">The PROXY header with which the local service is told each visitor's address, or null for none.</param>
/// <param name="CertificateFile">PEM file of the certificate that this client shows the server, or null for none.</param>
/// <param name="CertificateKeyFile">PEM file of its private key; null where the key is in the same file.</param>
/// <param name="Health">How the local service is asked whether it works, or null for not at all.</param>
internal sealed record ConnectOptions(
    TokenText Token, string Host, int Port, string LocalHost, int LocalPort, string? Fingerprint, string? CaFile, bool Plaintext, string Name,
    int SocketBuffer = SocketTuning.DefaultBuffer, ProxyVersion? ProxyProtocol = null, string? CertificateFile = null, string? CertificateKeyFile = null,
    HealthOptions? Health = null)
{
    /// <summary>The environment variable that may hold the token.</summary>
    public const string TokenVariable = "RABBIT_TOKEN";

    /// <exception cref="FormatException">One sentence that says what to correct.</exception>
    public static ConnectOptions Read(ConnectArguments arguments)
    {
        if (arguments.Uri is ['-', ..])
            throw new FormatException($"There is no option '{arguments.Uri}'; 'tunnel-client connect --help' lists what there is.");
        ConnectionUri? uri = arguments.Uri is null ? null : ConnectionUri.Parse(arguments.Uri);
        if (uri is null && arguments.Server is null)
            throw new FormatException("Name the server: paste the rabbit:// string that it printed, or give --server HOST:PORT.");
        var (host, port) = arguments.Server is null ? (uri!.Host, uri.Port) : ReadServer(arguments.Server);
        if (port == 0)
            throw new FormatException("The server's port must be 1 to 65535; it is the control port that the server prints.");
        if (arguments.LocalHost.Length == 0)
            throw new FormatException("--local-host must be the host of the local service; leave it out for localhost.");
        if (!ushort.TryParse(arguments.LocalPort, NumberStyles.None, CultureInfo.InvariantCulture, out ushort localPort) || localPort == 0)
            throw new FormatException($"--local-port must be the port of the local service, 1 to 65535, not '{arguments.LocalPort}'.");

        if (arguments.SocketBuffer is < 0 or > SocketTuning.MostBuffer)
            throw new FormatException($"--socket-buffer must be from 0 (left to the kernel) to {SocketTuning.MostBuffer} bytes, not {arguments.SocketBuffer}.");

        ProxyVersion? proxyProtocol = arguments.ProxyProtocol switch
        {
            null => null,
            "1" or "v1" => ProxyVersion.Text,
            "2" or "v2" => ProxyVersion.Binary,
            _ => throw new FormatException($"--proxy-protocol must be 1 or 2, the version that the local service reads, not '{arguments.ProxyProtocol}'."),
        };
        HealthOptions health = HealthOptions.Read(arguments.Health, arguments.HealthInterval);
        string? fingerprint = arguments.Fingerprint is null ? uri?.Fingerprint : CertificateFingerprint.Normalize(arguments.Fingerprint);
        bool plaintext = arguments.Plaintext || uri?.Plaintext == true;
        if (plaintext && (fingerprint ?? arguments.CaFile) is not null)
            throw new FormatException("--plaintext goes with neither a fingerprint nor --ca, since without TLS the server cannot prove who it is.");
        if (plaintext && arguments.CertificateFile is not null)
            throw new FormatException("--plaintext does not go with --certificate, which is shown under TLS only.");
        if (arguments is { CertificateFile: null, CertificateKeyFile: not null })
            throw new FormatException("--certificate-key needs the certificate too; name its file with --certificate.");
        if (arguments.CaFile is not null && !File.Exists(arguments.CaFile))
            throw new FormatException($"The file {arguments.CaFile} of --ca does not exist.");

        if (arguments is { Token: not null, TokenFile: not null })
            throw new FormatException("Give either --token or --token-file, not both.");
        string text = ReadToken(arguments, uri);
        if (!TokenText.TryParse(text, out TokenText token))
            throw new FormatException("The token is mistyped or cut off: it looks like rbt_..._... and is shown once, when it is created.");
        return new ConnectOptions(token, host, port, arguments.LocalHost, localPort, fingerprint, arguments.CaFile, plaintext, arguments.Name, arguments.SocketBuffer,
            proxyProtocol, arguments.CertificateFile, arguments.CertificateKeyFile, health);
    }

    private static (string Host, int Port) ReadServer(string server)
    {
        if (!Uri.TryCreate($"rabbit://{server}", UriKind.Absolute, out Uri? uri) || uri.Host.Length == 0 || uri.UserInfo.Length > 0
            || uri.PathAndQuery.Trim('/').Length > 0 || uri.Fragment.Length > 0)
            throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"--server must look like HOST:PORT (port {ConnectionUri.DefaultPort} when left out), not '{server}'."));
        return (uri.IdnHost.Trim('[', ']'), uri.IsDefaultPort ? ConnectionUri.DefaultPort : uri.Port);
    }

    private static string ReadToken(ConnectArguments arguments, ConnectionUri? uri)
    {
        if (arguments.Token is not null)
            return arguments.Token.Trim();
        if (arguments.TokenFile is not null)
        {
            try
            {
                return File.ReadAllText(arguments.TokenFile).Trim();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new FormatException($"The token file {arguments.TokenFile} cannot be read: {e.Message}", e);
            }
        }
        if (uri?.Token is { Length: > 0 } inUri)
            return inUri;
        if (arguments.TokenInEnvironment is { Length: > 0 } inEnvironment)
            return inEnvironment.Trim();
        if (Console.IsInputRedirected)
            throw new FormatException($"Give the token by --token-file, or in the variable {TokenVariable}.");
        return Prompt();
    }

    private static string Prompt()
    {
        Console.Error.Write("Token: ");
        var typed = new System.Text.StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace)
                typed.Length = Math.Max(0, typed.Length - 1);
            else
                typed.Append(key.KeyChar);
        }
        Console.Error.WriteLine();
        return typed.ToString().Trim();
    }
}
