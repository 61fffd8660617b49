using System.Net.Sockets;
using Rabbit.Protocol.Transport;

namespace Rabbit.Client.Health;

/// <summary>What a fresh connection to the local service is asked, to see whether more than its port works.</summary>
internal interface IServiceQuestion
{
    /// <summary>Asks; null when it answers as it should, else what it does instead, such as "answers HTTP 503".</summary>
    /// <exception cref="IOException">The connection broke.</exception>
    /// <exception cref="SocketException">The connection broke.</exception>
    Task<string?> AskAsync(RelayEnd service, CancellationToken cancellationToken);
}
