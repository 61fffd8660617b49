using System.Buffers;
using Rabbit.Protocol;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Xunit;

namespace Rabbit.Tests.Protocol.Messages;

public sealed class MessageTests
{
    private const int Rounds = 200;

    [Fact]
    public void RoundTrip_RandomMessages_ComeBackEqualInEveryType()
    {
        int seed = Random.Shared.Next();
        TestContext.Current.SendDiagnosticMessage("seed {0}", seed);
        var random = new Random(seed);
        for (int round = 0; round < Rounds; round++)
        {
            Check(new ClientHello(
                U16(random), Text(random), Text(random), Text(random), U16(random), Id(random), U64(random), random.Next(2) == 1), seed);
            Check(new ServerHello(
                U16(random), Id(random), U64(random), Id(random), U16(random), Text(random), U16(random), U16(random),
                Duration(random), Duration(random), (DeclaredService)random.Next(256)), seed, optional: 3);
            Check(new Reject((RejectCode)U16(random), random.Next(2) == 1, Duration(random), Text(random)), seed);
            Check(new Ping(U64(random)), seed);
            Check(new Pong(U64(random)), seed);
            Check(new NeedChannels(U16(random)), seed);
            string at = Text(random);
            Check(new OpenFailed(U16(random), Text(random), at), seed, optional: 2 + System.Text.Encoding.UTF8.GetByteCount(at));
            Check(new GoAway((GoAwayReason)random.Next(256), Duration(random), Text(random), Text(random)), seed);
            Check(new Disconnect(Text(random)), seed);
            Check(new ServiceHealth((ServiceState)random.Next(256), Text(random)), seed);
            Check(new Nodes([.. Enumerable.Range(0, random.Next(4)).Select(_ => new NodePlace(random.Next(2) == 1, Text(random), Text(random)))]), seed);
            Check(new Standby(U16(random), Text(random), Text(random), Text(random)), seed);
            Check(new StandbyAccepted(Duration(random), Duration(random)), seed);
            Check(new DataHello(Id(random), Id(random)), seed);
            Check(new Start(U64(random), Text(random), U16(random)), seed);
            Check(new Accepted(), seed);
            Check(new Refused((RefusedReason)random.Next(256), Text(random)), seed);
            Check(new OpenChannelsAt(Text(random), Text(random), U16(random)), seed);
            Check(new ForwardHello(Text(random), U64(random)), seed);
            Check(new NodeHello(Text(random), Id(random)), seed);
            Check(new AskGrant(Text(random), U64(random)), seed);
            Check(new Grant(Text(random), U64(random), Id(random), Id(random)), seed);
            Check(new OpenChannels(Text(random), U64(random), U16(random)), seed);
            Check(new ChannelsRefused(Text(random), U64(random), U16(random), Text(random)), seed);
            Check(new SessionOver(Text(random), U64(random)), seed);
        }
    }

    [Fact]
    public void Types_OfAllMessages_AreDistinctAndCoverTheEnum()
    {
        FrameType[] types =
        [
            ClientHello.Type, ServerHello.Type, Reject.Type, Ping.Type, Pong.Type, NeedChannels.Type, OpenFailed.Type,
            GoAway.Type, Disconnect.Type, ServiceHealth.Type, Nodes.Type, Standby.Type, StandbyAccepted.Type, OpenChannelsAt.Type, DataHello.Type, Start.Type,
            Accepted.Type, Refused.Type, ForwardHello.Type, NodeHello.Type, AskGrant.Type, Grant.Type, OpenChannels.Type, ChannelsRefused.Type, SessionOver.Type,
        ];
        Assert.Equal(Enum.GetValues<FrameType>(), types.Order());
    }

    [Fact]
    public void Encode_Start_IsByteExact() =>
        Assert.Equal(
            [0, 0, 0, 19, 33, 0, 0, 0, 0, 0, 0, 0, 1, 0, 7, .. "1.2.3.4"u8, 0x12, 0x34],
            Frame.Encode(new Start(1, "1.2.3.4", 0x1234)));

    [Fact]
    public void Encode_ServiceHealth_IsByteExact() =>
        Assert.Equal([0, 0, 0, 7, 10, 2, 0, 4, .. "down"u8], Frame.Encode(new ServiceHealth(ServiceState.Down, "down")));

    [Fact]
    public void Encode_Nodes_IsByteExact() =>
        Assert.Equal(
            [0, 0, 0, 24, 11, 0, 2, 1, 0, 3, .. "a:1"u8, 0, 2, .. "01"u8, 0, 0, 7, .. "[::1]:2"u8, 0, 0],
            Frame.Encode(new Nodes([new NodePlace(true, "a:1", "01"), new NodePlace(false, "[::1]:2", "")])));

    [Fact]
    public void Read_NodesWithFewerThanAnnounced_IsAProtocolError() =>
        Assert.Throws<ProtocolException>(() => new Frame(FrameType.Nodes, new byte[] { 0xff, 0xff, 1, 0, 1, 97, 0, 0 }).Read<Nodes>());

    [Fact]
    public void Encode_Standby_IsByteExact() =>
        Assert.Equal(
            [0, 0, 0, 21, 12, 0, 0, 0, 6, .. "demo/1"u8, 0, 4, .. "rbt_"u8, 0, 3, .. "db1"u8],
            Frame.Encode(new Standby(0, "demo/1", "rbt_", "db1")));

    [Fact]
    public void Encode_StandbyAccepted_IsByteExact() =>
        Assert.Equal(
            [0, 0, 0, 8, 13, 0, 0, 0x3a, 0x98, 0, 0, 0xaf, 0xc8],
            Frame.Encode(new StandbyAccepted(TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(45))));

    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    public void Read_ServerHelloOfAnEarlierServer_NamesNoAddressForDataChannels(int missing)
    {
        var hello = new ServerHello(
            0, Guid.NewGuid(), 3, Guid.NewGuid(), 10000, "", 9999, 8, TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(45), DeclaredService.Redis,
            missing == 2 ? "" : "node:1");
        byte[] payload = Frame.Encode(hello)[Frame.HeaderLength..];
        Assert.Equal(hello with { ChannelAddress = "" }, new Frame(FrameType.ServerHello, payload.AsMemory(0, payload.Length - missing)).Read<ServerHello>());
        Assert.Equal(hello, new Frame(FrameType.ServerHello, payload).Read<ServerHello>());
    }

    [Fact]
    public void Encode_OpenChannelsAt_IsByteExact() =>
        Assert.Equal([0, 0, 0, 14, 14, 0, 6, .. "b:9999"u8, 0, 2, .. "ab"u8, 0, 3], Frame.Encode(new OpenChannelsAt("b:9999", "ab", 3)));

    [Fact]
    public void Encode_ForwardHello_IsByteExact() =>
        Assert.Equal([0, 0, 0, 13, 36, 0, 3, .. "tok"u8, 0, 0, 0, 0, 0, 0, 0, 4], Frame.Encode(new ForwardHello("tok", 4)));

    [Fact]
    public void Encode_OpenFailed_IsByteExact() =>
        Assert.Equal([0, 0, 0, 14, 7, 0, 1, 0, 2, .. "no"u8, 0, 6, .. "b:9999"u8], Frame.Encode(new OpenFailed(1, "no", "b:9999")));

    [Fact]
    public void Encode_NodeLink_IsByteExact()
    {
        byte[] id = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
        var one = new Guid(id, bigEndian: true);
        byte[] session = [0, 3, .. "tok"u8, 0, 0, 0, 0, 0, 0, 0, 4];
        Assert.Equal([0, 0, 0, 19, 64, 0, 1, .. "a"u8, .. id], Frame.Encode(new NodeHello("a", one)));
        Assert.Equal([0, 0, 0, 13, 65, .. session], Frame.Encode(new AskGrant("tok", 4)));
        Assert.Equal([0, 0, 0, 45, 66, .. session, .. id, .. id], Frame.Encode(new Grant("tok", 4, one, one)));
        Assert.Equal([0, 0, 0, 15, 67, .. session, 0, 9], Frame.Encode(new OpenChannels("tok", 4, 9)));
        Assert.Equal([0, 0, 0, 19, 68, .. session, 0, 9, 0, 2, .. "no"u8], Frame.Encode(new ChannelsRefused("tok", 4, 9, "no")));
        Assert.Equal([0, 0, 0, 13, 69, .. session], Frame.Encode(new SessionOver("tok", 4)));
    }

    [Fact]
    public void ClientHello_WithAbilities_ComesBackEqualWithAndWithoutATrace()
    {
        var hello = new ClientHello(1, "a", "b", "c", 2, Guid.NewGuid(), 3, Yield: true, Abilities: ClientAbilities.ChannelsElsewhere);
        Assert.Equal(hello, RoundTrip(hello));
        Assert.Equal(hello with { Trace = Trace }, RoundTrip(hello with { Trace = Trace }));
        Assert.Equal(hello, new Frame(FrameType.ClientHello, (byte[])[.. Frame.Encode(hello)[Frame.HeaderLength..], 1, 2]).Read<ClientHello>());
    }

    [Fact]
    public void Read_OpenFailedOfAnEarlierClient_IsOfThisServer() =>
        Assert.Equal(new OpenFailed(1, "no"), new Frame(FrameType.OpenFailed, new byte[] { 0, 1, 0, 2, (byte)'n', (byte)'o' }).Read<OpenFailed>());

    [Fact]
    public void Read_ServerHelloOfAnEarlierServer_SaysNothingOfTheService()
    {
        var hello = new ServerHello(
            0, Guid.NewGuid(), 3, Guid.NewGuid(), 10000, "", 9999, 8, TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(45), DeclaredService.Redis);
        byte[] payload = Frame.Encode(hello)[Frame.HeaderLength..];
        Assert.Equal(hello with { Service = DeclaredService.Unknown }, new Frame(FrameType.ServerHello, payload.AsMemory(0, payload.Length - 3)).Read<ServerHello>());
    }

    [Fact]
    public void Write_DurationOutOfRange_IsClamped()
    {
        Assert.Equal(TimeSpan.Zero, RoundTrip(new GoAway(GoAwayReason.Closed, TimeSpan.FromSeconds(-1), "", "")).RetryAfter);
        Assert.Equal(uint.MaxValue, RoundTrip(new GoAway(GoAwayReason.Closed, TimeSpan.MaxValue, "", "")).RetryAfter.TotalMilliseconds);
    }

    [Fact]
    public void Write_StringOverItsLimit_Throws() =>
        Assert.Throws<ArgumentException>(() => Frame.Encode(new Disconnect(new string('x', 65_536))));

    [Fact]
    public void Read_InvalidUtf8_IsAProtocolError() =>
        Assert.Throws<ProtocolException>(() => new Frame(FrameType.Disconnect, new byte[] { 0, 2, 0xc3, 0x28 }).Read<Disconnect>());

    [Fact]
    public void Encode_StartWithTraceContext_IsByteExact() =>
        Assert.Equal(
            [
                0, 0, 0, 44, 33, 0, 0, 0, 0, 0, 0, 0, 1, 0, 7, .. "1.2.3.4"u8, 0x12, 0x34,
                0x0a, 0xf7, 0x65, 0x19, 0x16, 0xcd, 0x43, 0xdd, 0x84, 0x48, 0xeb, 0x21, 0x1c, 0x80, 0x31, 0x9c,
                0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31, 1,
            ],
            Frame.Encode(new Start(1, "1.2.3.4", 0x1234, Trace)));

    [Fact]
    public void TraceContext_RoundTrip_ComesBackEqual_AlsoWithBytesOfALaterVersionBehindIt()
    {
        var hello = new ClientHello(1, "a", "b", "c", 2, Guid.NewGuid(), 3, Yield: true, Trace);
        var start = new Start(1, "1.2.3.4", 5, Trace);
        Assert.Equal(hello, RoundTrip(hello));
        Assert.Equal(start, RoundTrip(start));
        Assert.Equal(start, new Frame(FrameType.Start, (byte[])[.. Frame.Encode(start)[Frame.HeaderLength..], 1, 2]).Read<Start>());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(24)]
    [InlineData(25)]
    public void TraceContext_CutOffOrLeftOut_IsAbsent(int missing)
    {
        byte[] payload = Frame.Encode(new Start(1, "1.2.3.4", 5, Trace))[Frame.HeaderLength..];
        Assert.Equal(new Start(1, "1.2.3.4", 5), new Frame(FrameType.Start, payload.AsMemory(0, payload.Length - missing)).Read<Start>());
    }

    [Fact]
    public void TraceContext_AllZero_IsAbsent()
    {
        byte[] plain = Frame.Encode(new Start(1, "1.2.3.4", 5))[Frame.HeaderLength..];
        Assert.False(new Frame(FrameType.Start, (byte[])[.. plain, .. new byte[25]]).Read<Start>().Trace.IsPresent);
        Assert.Equal(plain, Frame.Encode(new Start(1, "1.2.3.4", 5, new TraceContext(0, 7, 1)))[Frame.HeaderLength..]);
    }

    [Fact]
    public void TraceContext_OfASpan_NamesItOnlyWhenItIsRecorded()
    {
        using var span = new System.Diagnostics.Activity("span");
        span.SetParentId(
            System.Diagnostics.ActivityTraceId.CreateFromString("0af7651916cd43dd8448eb211c80319c"), default, System.Diagnostics.ActivityTraceFlags.Recorded);
        span.Start();
        TraceContext context = TraceContext.Of(span);
        Assert.Equal(span.Context.TraceId, context.ToActivityContext().TraceId);
        Assert.Equal(span.Context.SpanId, context.ToActivityContext().SpanId);
        Assert.True(context.ToActivityContext().IsRemote);
        span.ActivityTraceFlags = System.Diagnostics.ActivityTraceFlags.None;
        Assert.False(TraceContext.Of(span).IsPresent);
        Assert.False(TraceContext.Of(null).IsPresent);
    }

    private static TraceContext Trace => new(UInt128.Parse("0af7651916cd43dd8448eb211c80319c", System.Globalization.NumberStyles.HexNumber, null), 0xb7ad6b7169203331, 1);

    private static T RoundTrip<T>(T message)
        where T : struct, IMessage<T>
    {
        var buffer = new ReadOnlySequence<byte>(Frame.Encode(message));
        Assert.True(FrameReader.TryRead(ref buffer, int.MaxValue, out Frame frame));
        Assert.True(buffer.IsEmpty);
        return frame.Read<T>();
    }

    /// <summary>
    /// Equal after a round trip, also with bytes appended by a later version; an error with any byte missing but those at the end that
    /// earlier versions do not send.
    /// </summary>
    private static void Check<T>(T message, int seed, int optional = 0)
        where T : struct, IMessage<T>
    {
        Assert.True(message.Equals(RoundTrip(message)), $"{message} changed on the way; seed {seed}");
        byte[] payload = Frame.Encode(message)[Frame.HeaderLength..];
        Assert.Equal(message, new Frame(T.Type, (byte[])[.. payload, 1, 2, 3]).Read<T>());
        for (int length = 0; length < Math.Min(payload.Length - optional, 64); length++)
            Assert.Throws<ProtocolException>(() => new Frame(T.Type, payload.AsMemory(0, length)).Read<T>());
    }

    private static ushort U16(Random random) => (ushort)random.Next(65_536);

    private static ulong U64(Random random) => (ulong)random.NextInt64(long.MinValue, long.MaxValue);

    private static Guid Id(Random random)
    {
        byte[] bytes = new byte[16];
        random.NextBytes(bytes);
        return new Guid(bytes);
    }

    private static TimeSpan Duration(Random random) => TimeSpan.FromMilliseconds((uint)random.NextInt64(uint.MaxValue + 1L));

    private static string Text(Random random) =>
        string.Concat(Enumerable.Range(0, random.Next(20)).Select(_ => random.Next(4) switch
        {
            0 => "é",
            1 => "🐇",
            2 => "\0",
            _ => ((char)random.Next(32, 127)).ToString(),
        }));
}
