namespace Rabbit.Protocol.Transport;

/// <summary>
/// What an SslStream reads and writes. While the SslStream waits here for the socket it runs no code of its own, and so
/// gives up <paramref name="engine"/>, which its caller holds for every read.
/// </summary>
internal sealed class TlsLowerStream(RelayEnd end, SemaphoreSlim engine) : RelayEndStream(end)
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        engine.Release();
        try
        {
            return await base.ReadAsync(buffer, cancellationToken);
        }
        finally
        {
            // Held for a moment only, and has to be held on return whatever happened.
            await engine.WaitAsync(CancellationToken.None);
        }
    }
}
