using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Security.Authentication;
using Rabbit.Protocol.Transport;

namespace Rabbit.Client.Health.Questions;

/// <summary>
/// PostgreSQL's SSLRequest (PostgreSQL documentation, "SSL Session Encryption"), which a server answers before it asks who comes. Who
/// leaves after "no" leaves nothing in its log. After "yes" it expects a handshake and would log its absence, so there is one.
/// </summary>
internal sealed class PostgresQuestion : IServiceQuestion
{
    private static readonly byte[] SslRequest = [0, 0, 0, 8, 4, 210, 22, 47];

    /// <inheritdoc/>
    public async Task<string?> AskAsync(RelayEnd service, CancellationToken cancellationToken)
    {
        await service.SendAsync(SslRequest, cancellationToken);
        byte[] answer = new byte[1];
        if (await service.ReceiveAsync(answer, cancellationToken) == 0)
            return ServiceAnswer.Nothing;
        switch (answer[0])
        {
            case (byte)'N':
                return null;
            case (byte)'S':
                await ShakeHandsAsync(service, cancellationToken);
                return null;
            case (byte)'E':
                return "answers with an error of PostgreSQL";
            default:
                return "does not answer as PostgreSQL does";
        }
    }

    [SuppressMessage("Security", "CA5359", Justification = "Nothing is sent and nothing believed: the certificate is the visitors' business.")]
    private static async Task ShakeHandsAsync(RelayEnd service, CancellationToken cancellationToken)
    {
        try
        {
            var options = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true };
            await using TlsEnd tls = await TlsEnd.AuthenticateAsClientAsync(service, options, cancellationToken);
            await tls.LingerAsync(cancellationToken); // An end without a close_notify would be logged, and so would a reset.
        }
        catch (AuthenticationException)
        {
            // What it wants in a handshake, visitors know; it has answered.
        }
    }
}
