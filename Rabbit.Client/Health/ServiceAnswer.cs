using System.Text;
using Rabbit.Protocol.Transport;

namespace Rabbit.Client.Health;

/// <summary>What the service says, up to 8 KiB: whoever says more is not answering the question.</summary>
internal sealed class ServiceAnswer(RelayEnd service)
{
    /// <summary>Said of a service that ends the connection instead of answering.</summary>
    public const string Nothing = "ends the connection without an answer";

    private readonly byte[] _buffer = new byte[8 * 1024];
    private int _filled;
    private int _taken;

    /// <summary>The next so many bytes, or fewer at the end.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(int count, CancellationToken cancellationToken)
    {
        while (_filled - _taken < count && await FillAsync(cancellationToken))
        {
            // Not enough yet.
        }
        ReadOnlyMemory<byte> read = _buffer.AsMemory(_taken, Math.Min(count, _filled - _taken));
        _taken += read.Length;
        return read;
    }

    /// <summary>The rest of the line without its end, byte by byte a character; null when it does not end.</summary>
    public async ValueTask<string?> ReadLineAsync(CancellationToken cancellationToken)
    {
        int end;
        while ((end = _buffer.AsSpan(_taken, _filled - _taken).IndexOf((byte)'\n')) < 0)
        {
            if (!await FillAsync(cancellationToken))
                return null;
        }
        string line = Encoding.Latin1.GetString(_buffer, _taken, end).TrimEnd('\r');
        _taken += end + 1;
        return line;
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        int read = _filled == _buffer.Length ? 0 : await service.ReceiveAsync(_buffer.AsMemory(_filled), cancellationToken);
        _filled += read;
        return read > 0;
    }
}
