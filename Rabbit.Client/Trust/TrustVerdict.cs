namespace Rabbit.Client.Trust;

/// <summary>What <see cref="ServerTrust"/> decided in one handshake; several may run at the same time.</summary>
internal sealed class TrustVerdict
{
    /// <summary>Why the server's certificate was refused, in one sentence that says what to do; null when it was not.</summary>
    public string? Refusal { get; set; }
}
