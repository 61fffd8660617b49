using System.Buffers;
using System.Net.Security;
using Rabbit.Protocol;
using Rabbit.Protocol.Tls;
using Xunit;

namespace Rabbit.Tests.Protocol.Tls;

public sealed class ClientHelloSnifferTests
{
    [Fact]
    public async Task Offers_RealHelloAtEveryPrefix_IsUndecidedUntilWhole()
    {
        byte[] hello = await CaptureHelloAsync("h2", Preamble.AlpnName);
        for (int length = 0; length < hello.Length; length++)
            Assert.Null(ClientHelloSniffer.Offers(new ReadOnlySequence<byte>(hello, 0, length), Preamble.AlpnName));
        foreach (ReadOnlySequence<byte> cut in Segments.EveryCut(hello))
            Assert.True(ClientHelloSniffer.Offers(cut, Preamble.AlpnName));
        Assert.True(ClientHelloSniffer.Offers(new ReadOnlySequence<byte>(hello), "h2"));
        Assert.False(ClientHelloSniffer.Offers(new ReadOnlySequence<byte>(hello), "rabbit/"));
        Assert.True(ClientHelloSniffer.Offers(new ReadOnlySequence<byte>([.. hello, 1, 2, 3]), Preamble.AlpnName));
    }

    [Fact]
    public async Task Offers_RealHelloWithoutAlpn_IsFalse() =>
        Assert.False(ClientHelloSniffer.Offers(new ReadOnlySequence<byte>(await CaptureHelloAsync()), Preamble.AlpnName));

    [Fact]
    public async Task Offers_HelloSplitOverRecords_IsJoined()
    {
        byte[] hello = await CaptureHelloAsync(Preamble.AlpnName);
        byte[] message = hello[5..];
        for (int first = 1; first < message.Length; first++)
        {
            byte[] split = [.. Record(message[..first]), .. Record(message[first..])];
            Assert.True(ClientHelloSniffer.Offers(new ReadOnlySequence<byte>(split), Preamble.AlpnName));
            Assert.Null(ClientHelloSniffer.Offers(new ReadOnlySequence<byte>(split, 0, split.Length - 1), Preamble.AlpnName));
        }
    }

    [Theory]
    [InlineData("47")] // Not a handshake record.
    [InlineData("1602")] // Not TLS.
    [InlineData("1603010000")] // An empty record.
    [InlineData("160301ffff")] // A record over its limit.
    [InlineData("160301000402")] // Not a ClientHello.
    [InlineData("160301000401ffffff")] // A hello over its limit.
    [InlineData("160301000401000000")] // A hello without fields.
    public void Offers_Malformed_IsFalse(string hex) =>
        Assert.False(ClientHelloSniffer.Offers(new ReadOnlySequence<byte>(Convert.FromHexString(hex)), Preamble.AlpnName));

    [Fact]
    public async Task Offers_EveryByteChanged_NeverThrows()
    {
        byte[] hello = await CaptureHelloAsync(Preamble.AlpnName);
        int decided = 0;
        for (int i = 0; i < hello.Length; i++)
        {
            foreach (byte value in new byte[] { 0, 1, 0x7f, 0xff })
            {
                byte[] changed = [.. hello];
                changed[i] = value;
                if (ClientHelloSniffer.Offers(new ReadOnlySequence<byte>(changed), Preamble.AlpnName) is not null)
                    decided++;
            }
        }
        Assert.True(decided > hello.Length);
    }

    [Fact]
    [Trait("Property", "P07")]
    public void Offers_EndlessRecords_IsDecidedWithinTheBound()
    {
        byte[] header = [1, 0, 0x3f, 0xfc, .. new byte[60]];
        byte[] bytes = [.. Record(header), .. Enumerable.Repeat(Record(new byte[64]), 300).SelectMany(r => r)];
        Assert.False(ClientHelloSniffer.Offers(new ReadOnlySequence<byte>(bytes), Preamble.AlpnName));
    }

    private static byte[] Record(byte[] payload) => [0x16, 3, 1, (byte)(payload.Length >> 8), (byte)payload.Length, .. payload];

    /// <summary>The first flight of .NET's own TLS client.</summary>
    private static async Task<byte[]> CaptureHelloAsync(params string[] alpn)
    {
        var wire = new CapturingStream();
        using var tls = new SslStream(wire);
        await Assert.ThrowsAnyAsync<IOException>(() => tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "rabbit.test",
                ApplicationProtocols = alpn.Length == 0 ? null : [.. alpn.Select(name => new SslApplicationProtocol(name))],
            },
            TestContext.Current.CancellationToken));
        return wire.Written.ToArray();
    }

    /// <summary>Keeps what is written and ends every read.</summary>
    private sealed class CapturingStream : MemoryStream
    {
        public MemoryStream Written { get; } = new();

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(0);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            Written.WriteAsync(buffer, cancellationToken);
    }
}
