using Rabbit.Protocol.Messages;
using Rabbit.Tunneling.State;

namespace Rabbit.Tunneling.Authentication;

/// <summary>A token that was accepted, or why it was not.</summary>
internal readonly record struct AuthenticationResult(TokenRecord? Token, ReadOnlyMemory<byte> SecretHash, Reject Reject)
{
    public static AuthenticationResult Accept(TokenRecord token, ReadOnlyMemory<byte> secretHash) => new(token, secretHash, default);

    public static AuthenticationResult Refuse(RejectCode code, string sentence) =>
        new(null, default, new Reject(code, Retryable: false, TimeSpan.Zero, sentence));

    public static AuthenticationResult RetryLater(RejectCode code, TimeSpan retryAfter, string sentence) =>
        new(null, default, new Reject(code, Retryable: true, retryAfter, sentence));
}
