using Rabbit.Protocol.Transport;

namespace Rabbit.Tunneling.Sessions;

/// <summary>A session whose client dials data channels to this server's control port.</summary>
internal interface IDialledSession
{
    /// <summary>The session's id, which they name.</summary>
    Guid SessionId { get; }

    /// <summary>What they must present.</summary>
    ChannelSecret ChannelSecret { get; }

    /// <summary>Takes over a data channel that presented the secret.</summary>
    ValueTask AddChannelAsync(RelayEnd channel);
}
