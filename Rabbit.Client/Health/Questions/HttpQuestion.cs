using System.Globalization;
using System.Text;
using Rabbit.Client.Commands;
using Rabbit.Client.Connection;
using Rabbit.Protocol.Transport;

namespace Rabbit.Client.Health.Questions;

/// <summary>
/// A HEAD request (RFC 9110): any answer below 500 will do, also "not found", and 501, which only means that it does not know HEAD. A TLS
/// alert will do too: so answers a service that speaks HTTPS.
/// </summary>
internal sealed class HttpQuestion(ConnectOptions options, string path) : IServiceQuestion
{
    private const int NotImplemented = 501;
    private const byte TlsAlert = 0x15;

    private readonly byte[] _request = Encoding.ASCII.GetBytes(
        $"HEAD {path} HTTP/1.1\r\nHost: {HostOf(options)}\r\nUser-Agent: tunnel-client/{ClientVersion.Text}\r\nAccept: */*\r\nConnection: close\r\n\r\n");

    /// <inheritdoc/>
    public async Task<string?> AskAsync(RelayEnd service, CancellationToken cancellationToken)
    {
        await service.SendAsync(_request, cancellationToken);
        var answer = new ServiceAnswer(service);
        ReadOnlyMemory<byte> first = await answer.ReadAsync("HTTP/"u8.Length, cancellationToken);
        if (first.IsEmpty)
            return ServiceAnswer.Nothing;
        if (first.Span[0] == TlsAlert)
            return null;
        if (!first.Span.SequenceEqual("HTTP/"u8) || await answer.ReadLineAsync(cancellationToken) is not { } line || StatusOf(line) is not { } status)
            return "does not answer as HTTP does";
        return status is < 500 or NotImplemented ? null : string.Create(CultureInfo.InvariantCulture, $"answers HTTP {status}");
    }

    // "1.1 200 OK"
    private static int? StatusOf(string line) =>
        line.Split(' ') is [_, { Length: 3 } code, ..] && int.TryParse(code, NumberStyles.None, CultureInfo.InvariantCulture, out int status) ? status : null;

    // A service on a unix socket has no name of its own.
    private static string HostOf(ConnectOptions options) => options.Local is LocalTarget.Tcp ? options.Local.ToString() : "localhost";
}
