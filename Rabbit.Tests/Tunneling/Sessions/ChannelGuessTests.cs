using System.Buffers;
using System.Buffers.Binary;
using Rabbit.Protocol;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Legacy;
using Rabbit.Protocol.Messages;
using Rabbit.Tunneling.Sessions;
using Xunit;

namespace Rabbit.Tests.Tunneling.Sessions;

/// <summary>A million guesses at what opens a data channel, as they are read from a connection.</summary>
[Trait("Property", "P06")]
public sealed class ChannelGuessTests
{
    private const int Guesses = 1_000_000;

    private readonly Random _random = new(20_260_101);

    [Fact]
    public void DataHello_AMillionGuesses_NoneIsTheSecret()
    {
        var secret = new ChannelSecret();
        var session = Guid.NewGuid();
        foreach (Guid guess in GuessesAt(secret.Value).Append(session))
        {
            var buffer = new ReadOnlySequence<byte>(Frame.Encode(new DataHello(session, guess)));
            Assert.True(FrameReader.TryRead(ref buffer, ProtocolLimits.UnauthenticatedPayload, out Frame frame));
            Assert.False(secret.Is(frame.Read<DataHello>().ChannelSecret), "A guess is taken for the secret.");
        }
        Assert.True(secret.Is(secret.Value));
        Assert.False(new ChannelSecret().Is(secret.Value), "Two sessions have one secret.");
    }

    [Fact]
    public async Task DataLine_AMillionGuesses_NoneIsGivenToTheVisitor()
    {
        var channels = new LegacyChannels();
        var request = new ChannelRequest();
        Guid id = channels.Expect(null!, request);
        foreach (Guid guess in GuessesAt(id))
        {
            Assert.True(LegacyMessages.TryParseData($"DATA:{guess:N}", out Guid presented));
            Assert.False(channels.TryGive(presented, () => throw new InvalidOperationException("The visitor gets this connection.")));
        }

        Assert.Throws<NotSupportedException>(() => channels.TryGive(id, () => throw new NotSupportedException()));
        Assert.False(channels.TryGive(id, () => throw new InvalidOperationException("An id was good twice.")));
        request.TryFail(ChannelFailure.SessionEnded);
        Assert.Equal(ChannelFailure.SessionEnded, (await request.WaitAsync(TimeSpan.FromSeconds(1), TimeProvider.System)).Failure);
    }

    // All that differ in one bit or two, those that begin or end rightly, and any.
    private IEnumerable<Guid> GuessesAt(Guid secret)
    {
        byte[] right = secret.ToByteArray(bigEndian: true);
        int made = 0;
        for (int one = 0; one < 128; one++)
        {
            for (int two = one; two < 128; two++, made++)
            {
                byte[] near = [.. right];
                near[one / 8] ^= (byte)(1 << (one % 8));
                if (two != one)
                    near[two / 8] ^= (byte)(1 << (two % 8));
                yield return new Guid(near, bigEndian: true);
            }
        }
        byte[] guess = new byte[16];
        for (; made < Guesses; made++)
        {
            _random.NextBytes(guess);
            int known = made % 12; // Four bytes at least are left to chance.
            if (made % 3 == 0)
                right.AsSpan(0, known).CopyTo(guess);
            else if (made % 3 == 1)
                right.AsSpan(16 - known).CopyTo(guess.AsSpan(16 - known));
            yield return new Guid(guess, bigEndian: true);
        }
        yield return Guid.Empty;
        BinaryPrimitives.WriteUInt64BigEndian(guess, ulong.MaxValue);
        yield return new Guid(guess, bigEndian: true);
    }
}
