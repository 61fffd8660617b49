using Rabbit.Tunneling.State;

namespace Rabbit.Tunneling.Sessions;

/// <summary>What a client said of itself when it logged in, made safe to show and store.</summary>
/// <param name="Protocol">Native or legacy.</param>
/// <param name="Address">Its address and port.</param>
/// <param name="Name">Host name.</param>
/// <param name="Software">Program and version.</param>
/// <param name="LocalPort">Port of the local service, 0 when unknown.</param>
/// <param name="LastSessionId">The session it had before, or all zero.</param>
/// <param name="Yield">True when it does not want to supersede another live client.</param>
/// <param name="TakesChannelsElsewhere">True when it opens data channels to other nodes where it is asked to.</param>
internal sealed record ClientDescription(
    SessionProtocol Protocol, string Address, string Name, string Software, int LocalPort, Guid LastSessionId, bool Yield,
    bool TakesChannelsElsewhere = false);
