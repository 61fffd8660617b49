using Rabbit.Protocol.Transport;

namespace Rabbit.Client.Health.Questions;

/// <summary>
/// SSH's exchange of versions (RFC 4253, section 4.2). Saying ours spares the service's log an error; that somebody has come and gone it
/// notes all the same.
/// </summary>
internal sealed class SshQuestion : IServiceQuestion
{
    private static readonly byte[] OurVersion = "SSH-2.0-tunnel_client_health\r\n"u8.ToArray();

    /// <inheritdoc/>
    public async Task<string?> AskAsync(RelayEnd service, CancellationToken cancellationToken)
    {
        var answer = new ServiceAnswer(service);
        bool isFirst = true;
        // It may send other lines before.
        while (await answer.ReadLineAsync(cancellationToken) is { } line)
        {
            isFirst = false;
            if (!line.StartsWith("SSH-", StringComparison.Ordinal))
                continue;
            await service.SendAsync(OurVersion, cancellationToken);
            return null;
        }
        return isFirst ? ServiceAnswer.Nothing : "does not answer as SSH does";
    }
}
