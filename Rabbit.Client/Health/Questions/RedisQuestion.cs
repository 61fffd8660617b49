using Rabbit.Client.Connection;
using Rabbit.Protocol.Transport;

namespace Rabbit.Client.Health.Questions;

/// <summary>
/// Redis' PING. That it wants a password first (NOAUTH), or does not let everybody ask (NOPERM), is an answer as good as PONG; other
/// errors are those that visitors get too, such as LOADING.
/// </summary>
internal sealed class RedisQuestion : IServiceQuestion
{
    private static readonly byte[] Ping = "*1\r\n$4\r\nPING\r\n"u8.ToArray();

    /// <inheritdoc/>
    public async Task<string?> AskAsync(RelayEnd service, CancellationToken cancellationToken)
    {
        await service.SendAsync(Ping, cancellationToken);
        var answer = new ServiceAnswer(service);
        byte[] first = (await answer.ReadAsync(1, cancellationToken)).ToArray();
        if (first.Length == 0)
            return ServiceAnswer.Nothing;
        string? line = await answer.ReadLineAsync(cancellationToken);
        return ((char)first[0], line) switch
        {
            ('+', "PONG") => null,
            ('-', not null) when line.StartsWith("NOAUTH ", StringComparison.Ordinal) || line.StartsWith("NOPERM ", StringComparison.Ordinal) => null,
            ('-', not null) => $"answers {ServerText.Escape(line)}",
            _ => "does not answer as Redis does",
        };
    }
}
