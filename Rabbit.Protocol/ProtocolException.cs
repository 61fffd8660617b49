namespace Rabbit.Protocol;

/// <summary>The peer broke the protocol: a frame that is truncated, too large, malformed, or not allowed now.</summary>
/// <param name="message">One sentence, safe to show to the peer.</param>
public sealed class ProtocolException(string message) : Exception(message);
