namespace Rabbit.Client.Connection;

/// <summary>The tunnel cannot be made, and trying again would not help.</summary>
/// <param name="message">One sentence that says what to do.</param>
internal sealed class TunnelFailedException(string message) : Exception(message);
