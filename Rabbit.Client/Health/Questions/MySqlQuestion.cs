using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Rabbit.Client.Connection;
using Rabbit.Protocol.Transport;

namespace Rabbit.Client.Health.Questions;

/// <summary>
/// Reads the greeting that MySQL and MariaDB send first (MySQL Internals, "Protocol::Handshake"), and says nothing. Every connection that
/// does not log in counts against max_connect_errors unless it comes from loopback, whatever was said on it: see docs/health.md.
/// </summary>
internal sealed class MySqlQuestion : IServiceQuestion
{
    private const int HeaderLength = 4;
    private const int LongestError = 512;
    private const byte ErrorPacket = 0xff;

    /// <inheritdoc/>
    public async Task<string?> AskAsync(RelayEnd service, CancellationToken cancellationToken)
    {
        var answer = new ServiceAnswer(service);
        byte[] start = (await answer.ReadAsync(HeaderLength + 1, cancellationToken)).ToArray();
        if (start.Length == 0)
            return ServiceAnswer.Nothing;
        if (start.Length <= HeaderLength || start[3] != 0)
            return "does not answer as MySQL does";
        switch (start[HeaderLength])
        {
            case 9 or 10:
                return null;
            case ErrorPacket:
                int length = start[0] | start[1] << 8 | start[2] << 16;
                byte[] error = (await answer.ReadAsync(Math.Min(length - 1, LongestError), cancellationToken)).ToArray();
                return error.Length < 2
                    ? "answers with an error of MySQL"
                    : string.Create(CultureInfo.InvariantCulture, $"answers MySQL error {BinaryPrimitives.ReadUInt16LittleEndian(error)}: {ServerText.Escape(Encoding.UTF8.GetString(error.AsSpan(2)))}");
            default:
                return "does not answer as MySQL does";
        }
    }
}
