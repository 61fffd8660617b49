namespace Rabbit.Protocol.Frames;

/// <summary>The type byte of a native frame (docs/protocol.md, "Frames"). Numbers are never reused.</summary>
public enum FrameType : byte
{
    ClientHello = 1,
    ServerHello = 2,
    Reject = 3,
    Ping = 4,
    Pong = 5,
    NeedChannels = 6,
    OpenFailed = 7,
    GoAway = 8,
    Disconnect = 9,
    ServiceHealth = 10,
    Nodes = 11,
    Standby = 12,
    StandbyAccepted = 13,
    OpenChannelsAt = 14,

    DataHello = 32,
    Start = 33,
    Accepted = 34,
    Refused = 35,
    ForwardHello = 36,

    NodeHello = 64,
    AskGrant = 65,
    Grant = 66,
    OpenChannels = 67,
    ChannelsRefused = 68,
    SessionOver = 69,
}
