using System.Net;
using Rabbit.Tests.Telemetry;
using Rabbit.Tunneling.ControlPort;
using Xunit;

namespace Rabbit.Tests.Tunneling.ControlPort;

public sealed class HandshakeAdmissionTests
{
    private static readonly IPAddress Stranger = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress Known = IPAddress.Parse("192.0.2.2");

    private readonly HandshakeAdmission _admission = new(UnheardMetrics.OfTunneling());

    [Fact]
    public void TryEnter_Strangers_AreDroppedAtRandomFromAHundredAndAllAtAThousand()
    {
        var places = Enter(Stranger, 100);
        Assert.Equal(100, places.Count);

        // From here on most are dropped, and never more than a thousand get in however many try.
        var more = Enter(Stranger, 1000);
        Assert.InRange(more.Count, 300, 900);
        more.AddRange(Enter(Stranger, 100_000));
        Assert.InRange(100 + more.Count, 900, 1000);

        Leave(places);
        Leave(more);
        Assert.Equal(100, Enter(Stranger, 100).Count);
    }

    [Fact]
    [Trait("Property", "P37")]
    public void TryEnter_AddressWithASession_HasABudgetOfItsOwn()
    {
        var strangers = Enter(Stranger, 100_000);
        using (_admission.Authenticated(Known))
        {
            var channels = Enter(Known, 5000);
            Assert.Equal(4096, channels.Count);
            Leave(channels);
            Leave(channels); // A place is left once, however often it is disposed.
            Assert.Equal(4096, Enter(Known, 5000).Count);
        }
        Assert.True(Enter(Known, 100).Count < 50, "Without a session an address is a stranger again.");
        Leave(strangers);
    }

    [Fact]
    public void Authenticated_TwoSessionsOfOneAddress_KeepTheBudgetUntilTheLastEnds()
    {
        IDisposable first = _admission.Authenticated(Known);
        IDisposable second = _admission.Authenticated(Known);
        first.Dispose();
        first.Dispose();
        Assert.Equal(2000, Enter(Known, 2000).Count);
        second.Dispose();
        Assert.InRange(Enter(Known, 2000).Count, 100, 1000);
    }

    private List<IDisposable> Enter(IPAddress address, int times) =>
        [.. Enumerable.Range(0, times).Select(_ => _admission.TryEnter(address)).OfType<IDisposable>()];

    private static void Leave(List<IDisposable> places) => places.ForEach(place => place.Dispose());
}
