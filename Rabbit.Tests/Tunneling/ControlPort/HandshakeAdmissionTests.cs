using System.Net;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Rabbit.Tests.Telemetry;
using Rabbit.Tunneling;
using Rabbit.Tunneling.ControlPort;
using Xunit;

namespace Rabbit.Tests.Tunneling.ControlPort;

public sealed class HandshakeAdmissionTests
{
    private static readonly IPAddress Attacker = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress Client = IPAddress.Parse("192.0.2.2");

    private readonly FakeTimeProvider _time = new();
    private readonly KnownAddresses _known;
    private readonly LoginPenalties _penalties;
    private readonly HandshakeAdmission _admission;

    public HandshakeAdmissionTests()
    {
        _known = new KnownAddresses(_time);
        _penalties = new LoginPenalties(Options.Create(new TunnelingOptions()), _time);
        _admission = new HandshakeAdmission(_known, _penalties, UnheardMetrics.OfTunneling());
    }

    [Fact]
    public void TryEnter_Strangers_DropOthersAtRandomFromAHundredAndAlwaysAtAThousand()
    {
        Assert.Equal(0, Enter(Attacker, 100).Count(place => place.IsDropped));

        // From here on most cost another its place, and there are never more than a thousand however many come.
        List<HandshakeAdmission.Place> more = Enter(Attacker, 1000);
        Assert.InRange(_admission.Count, 300, 900);
        more.AddRange(Enter(Attacker, 100_000));
        Assert.InRange(_admission.Count, 900, 1000);

        more.ForEach(place => place.Dispose());
        Assert.Equal(0, _admission.Count);
    }

    [Fact]
    public void TryEnter_OneAddressHasMost_ItsOldestIsDroppedAndNobodyElse()
    {
        using HandshakeAdmission.Place client = _admission.TryEnter(Client, NotDropped)!;
        List<HandshakeAdmission.Place> slow = Enter(Attacker, 10_000);
        Assert.False(client.IsDropped);
        int firstLeft = slow.FindIndex(place => !place.IsDropped);
        Assert.True(firstLeft > 0);
        Assert.All(slow.Skip(firstLeft), place => Assert.False(place.IsDropped));
    }

    [Fact]
    public void TryEnter_EveryAddressHasOne_TheOldestIsDropped()
    {
        List<HandshakeAdmission.Place> slow = [.. Enumerable.Range(0, 5000).SelectMany(i => Enter(new IPAddress([10, 0, (byte)(i >> 8), (byte)i]), 1))];
        using HandshakeAdmission.Place client = _admission.TryEnter(Client, NotDropped)!;
        Assert.InRange(_admission.Count, 500, 1000);
        Assert.False(client.IsDropped);
        Assert.All(slow.TakeLast(500), place => Assert.False(place.IsDropped));
    }

    [Fact]
    [Trait("Property", "P12")]
    public void TryEnter_AddressesOfOneIPv6Network_CountAsOne()
    {
        using HandshakeAdmission.Place client = _admission.TryEnter(IPAddress.Parse("2001:db8:0:1::1"), NotDropped)!;
        for (int i = 0; i < 5000; i++)
            _ = _admission.TryEnter(IPAddress.Parse($"2001:db8:0:2::{i:x}"), () => { });
        Assert.False(client.IsDropped);
    }

    [Fact]
    [Trait("Property", "P37")]
    public void TryEnter_KnownAddress_HasABudgetOfItsOwn()
    {
        Enter(Attacker, 100_000);
        int strangers = _admission.Count;
        using (_known.Add(Client, "token"))
        {
            List<HandshakeAdmission.Place> channels = Enter(Client, 4096);
            Assert.DoesNotContain(channels, place => place.IsDropped);
            channels.AddRange(Enter(Client, 904));
            Assert.Equal(904, channels.Count(place => place.IsDropped));
            Assert.Equal(strangers + 4096, _admission.Count);
            channels.ForEach(place => place.Dispose());
            channels.ForEach(place => place.Dispose()); // A place is left once, however often it is disposed.
            Assert.Equal(strangers, _admission.Count);
        }
    }

    [Fact]
    [Trait("Property", "P10")]
    public void TryEnter_AddressKeptOut_HasNoPlace_WhateverItsNetwork()
    {
        foreach (IPAddress address in new[] { Attacker, IPAddress.Loopback, IPAddress.IPv6Loopback, IPAddress.Parse("10.0.0.1"), IPAddress.Parse("fd00::1") })
        {
            for (int i = 0; i < 4; i++)
                _penalties.Add(address, LoginPenalties.WrongToken);
            Assert.Null(_admission.TryEnter(address, NotDropped));
        }
        Assert.NotNull(_admission.TryEnter(Client, NotDropped));

        using IDisposable session = _known.Add(Attacker, "token");
        Assert.NotNull(_admission.TryEnter(Attacker, NotDropped));
    }

    [Fact]
    public async Task TryEnter_FromManyThreads_LeavesNothingBehind()
    {
        await Parallel.ForAsync(0, 8, TestContext.Current.CancellationToken, (worker, _) =>
        {
            for (int i = 0; i < 5000; i++)
                _admission.TryEnter(new IPAddress([10, 0, (byte)worker, (byte)(i % 7)]), () => { })!.Dispose();
            return ValueTask.CompletedTask;
        });
        Assert.Equal(0, _admission.Count);
    }

    private List<HandshakeAdmission.Place> Enter(IPAddress address, int times)
    {
        var places = new List<HandshakeAdmission.Place>();
        for (int i = 0; i < times; i++)
            places.Add(_admission.TryEnter(address, () => { })!);
        return places;
    }

    private static void NotDropped() => Assert.Fail("The wrong one was dropped.");
}
