using System.Globalization;
using System.Text.Json;
using Rabbit.Client.Commands;
using Rabbit.Client.Credentials;
using Rabbit.Protocol.Transport;

namespace Rabbit.Client.Configuration;

/// <summary>The settings of one tunnel, its own before those of the whole file.</summary>
internal sealed class TunnelSettings(SettingNode root, SettingMember tunnel, string directory)
{
    // Where a tunnel names another server, what is said of the common one does not hold.
    private readonly bool _hasOwnServer = tunnel.Value.Find("uri") is not null || tunnel.Value.Find("server") is not null;

    /// <summary>As if they had been given to <c>connect</c>.</summary>
    /// <exception cref="OptionException">A value is of another kind than its key wants.</exception>
    public ConnectArguments ToArguments(TokenStore store) => new(
        Uri: Text("uri"), Server: Text("server"), Token: Text("token"), TokenFile: FilePath("token_file"), TokenInEnvironment: null,
        LocalPort: Number("local_port"), LocalHost: Text("local_host") ?? "localhost", Fingerprint: Text("fingerprint"), CaFile: FilePath("ca"),
        Plaintext: Flag("plaintext"), Name: Text("name") ?? Environment.MachineName, SocketBuffer: SocketBuffer(), ProxyProtocol: Number("proxy_protocol"),
        CertificateFile: FilePath("certificate"), CertificateKeyFile: FilePath("certificate_key"), Health: Text("health"), HealthInterval: Number("health_interval"),
        LocalSocket: FilePath("local_socket"), NoDirect: Flag("no_direct"), NoStandby: Flag("no_standby"))
    {
        Call = KeyOf,
        FindToken = store.Find,
    };

    /// <summary>The files that it names, for whoever has to give them to it.</summary>
    public IEnumerable<ServiceCredential> Files() => ServiceCredential.Keys.Where(key => Find(key) is not null)
        .Select(key => new ServiceCredential(ServiceCredential.NameOf(tunnel.Key, key), FilePath(key)!));

    /// <summary>Where the setting stands, or else the tunnel.</summary>
    public int LineOf(string option) => Find(KeyOf(option))?.Line ?? tunnel.Line;

    private static string KeyOf(string option) => option.Replace('-', '_');

    private SettingNode? Find(string key) => tunnel.Value.Find(key)
        ?? (TunnelKeys.Shared.Contains(key) && !(_hasOwnServer && key is "server" or "fingerprint") ? root.Find(key) : null);

    private string? Text(string key) => Find(key) switch
    {
        null => null,
        { Kind: JsonTokenType.String, Text: var text } => text,
        _ => throw new OptionException(key, $"{key} must be a text in quotation marks."),
    };

    private string? Number(string key) => Find(key) switch
    {
        null => null,
        { Kind: JsonTokenType.Number or JsonTokenType.String, Text: var text } => text,
        _ => throw new OptionException(key, $"{key} must be a number."),
    };

    private bool Flag(string key) => Find(key) switch
    {
        null or { Kind: JsonTokenType.False } => false,
        { Kind: JsonTokenType.True } => true,
        _ => throw new OptionException(key, $"{key} must be true or false."),
    };

    private int SocketBuffer() => Number("socket_buffer") switch
    {
        null => SocketTuning.DefaultBuffer,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int bytes) => bytes,
        var text => throw new OptionException("socket_buffer", $"socket_buffer must be a number of bytes, not '{text}'."),
    };

    // A service may get a file as a credential of systemd, which only it can read, in place of the one that is named (systemd.exec(5)).
    private string? FilePath(string key)
    {
        if (Text(key) is not { } path || path is ['@', ..])
            return Text(key);
        string? credential = Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY") is { Length: > 0 } credentials
            ? Path.Combine(credentials, ServiceCredential.NameOf(tunnel.Key, key))
            : null;
        return File.Exists(credential) ? credential : Path.Combine(directory, path);
    }
}
