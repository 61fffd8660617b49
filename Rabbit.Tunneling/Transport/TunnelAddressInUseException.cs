using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Rabbit.Tunneling.Transport;

/// <summary>Another socket listens on an address that the control port or a tunnel port needs.</summary>
public sealed class TunnelAddressInUseException(IPEndPoint address, Exception inner)
    : AddressInUseException($"{address} is in use by another program", inner)
{
    /// <summary>The address.</summary>
    public IPEndPoint Address => address;
}
