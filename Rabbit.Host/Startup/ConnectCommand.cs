using Rabbit.Tunneling.State;

namespace Rabbit.Host.Startup;

/// <summary>The command that connects a client, as it is pasted into a shell.</summary>
internal static class ConnectCommand
{
    /// <param name="uri">Token, address and fingerprint in one (<see cref="ClientUris"/>).</param>
    /// <param name="localPort">Where the service listens; null leaves a word to be replaced.</param>
    /// <param name="isLocal">True to name the program by the path that it has on this machine.</param>
    public static string For(string uri, int? localPort, bool isLocal) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{(isLocal ? ClientProgram.Command() : "tunnel-client")} connect '{uri}' --local-port {(localPort is { } port ? port : "PORT")}");

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
}
