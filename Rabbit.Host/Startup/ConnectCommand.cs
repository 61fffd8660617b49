using System.Globalization;
using Rabbit.Protocol.Credentials;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Startup;

/// <summary>The command that connects a client, as it is pasted into a shell. The token is in no argument, which every account of a machine could read.</summary>
internal static class ConnectCommand
{
    /// <summary>With the token in the environment.</summary>
    /// <param name="uri">Token, address and fingerprint in one (<see cref="ClientUris"/>).</param>
    /// <param name="localPort">Where the service listens; null leaves a word to be replaced.</param>
    /// <param name="isLocal">True to name the program by the path that it has on this machine.</param>
    public static string For(string uri, int? localPort, bool isLocal)
    {
        var parsed = ConnectionUri.Parse(uri);
        return $"RABBIT_TOKEN={parsed.Token} {Program(isLocal)} connect {Quote((parsed with { Token = "" }).Reveal())} {LocalPort(localPort)}";
    }

    /// <summary>The same with the token in a file.</summary>
    /// <inheritdoc cref="For"/>
    public static string ForFile(string uri, string tokenFile, int? localPort, bool isLocal) =>
        $"{Program(isLocal)} connect {Quote((ConnectionUri.Parse(uri) with { Token = "" }).Reveal())} --token-file {Quote(tokenFile)} {LocalPort(localPort)}";

    /// <summary>Where such a service usually listens, or null.</summary>
    public static int? UsualPort(ServiceKind kind) => kind switch
    {
        ServiceKind.Postgres => 5432,
        ServiceKind.MySql => 3306,
        ServiceKind.Redis => 6379,
        ServiceKind.Ssh => 22,
        ServiceKind.Http => 80,
        _ => null,
    };

    private static string Program(bool isLocal) => isLocal ? ClientProgram.Command() : "tunnel-client";

    private static string LocalPort(int? port) => string.Create(CultureInfo.InvariantCulture, $"--local-port {(port is { } known ? known : "PORT")}");

    private static string Quote(string text) => $"'{text.Replace("'", @"'\''", StringComparison.Ordinal)}'";
}
