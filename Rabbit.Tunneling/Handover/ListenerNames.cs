using System.Globalization;

namespace Rabbit.Tunneling.Handover;

/// <summary>What the listening sockets are called where they are handed over or parked.</summary>
public static class ListenerNames
{
    /// <summary>The control port.</summary>
    public const string Control = "control";

    /// <summary>The port of the API.</summary>
    public const string Api = "api";

    /// <summary>The port of the cluster's nodes.</summary>
    public const string Node = "node";

    /// <summary>A tunnel port.</summary>
    public static string Tunnel(int port) => string.Create(CultureInfo.InvariantCulture, $"tunnel-{port}");
}
