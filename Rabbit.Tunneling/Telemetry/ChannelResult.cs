namespace Rabbit.Tunneling.Telemetry;

/// <summary>How a visitor got its data channel.</summary>
internal enum ChannelResult
{
    /// <summary>One was ready.</summary>
    Hit,

    /// <summary>It had to be opened.</summary>
    Miss,

    /// <summary>It got none, and was told so.</summary>
    Failed,
}
