using System.Net;
using Microsoft.Extensions.Time.Testing;
using Rabbit.Tunneling.ControlPort;
using Xunit;

namespace Rabbit.Tests.Tunneling.ControlPort;

public sealed class KnownAddressesTests
{
    private static readonly IPAddress Address = IPAddress.Parse("192.0.2.1");

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Contain_TenMinutesAfterTheLastSession_IsOver()
    {
        var known = new KnownAddresses(_time);
        IDisposable first = known.Add(Address, "a");
        IDisposable second = known.Add(Address, "a");
        IDisposable other = known.Add(Address, "b");
        other.Dispose();
        first.Dispose();
        first.Dispose();
        Pass(known, TimeSpan.FromHours(1));
        Assert.True(known.Contain(Address));
        Assert.True(known.Contain(Address, "a"));
        Assert.False(known.Contain(Address, "b"));

        second.Dispose();
        Pass(known, TimeSpan.FromMinutes(9));
        Assert.True(known.Contain(Address, "a"));
        Pass(known, TimeSpan.FromMinutes(2));
        Assert.False(known.Contain(Address, "a"));
        Assert.False(known.Contain(Address));
    }

    [Fact]
    public void Expect_AClientOfTheServerBefore_IsKnownUntilItShouldHaveCome()
    {
        var known = new KnownAddresses(_time);
        known.Expect(Address, "a");
        Pass(known, TimeSpan.FromMinutes(9));
        Assert.True(known.Contain(Address, "a"));
        Pass(known, TimeSpan.FromMinutes(2));
        Assert.False(known.Contain(Address));
    }

    [Fact]
    [Trait("Property", "P12")]
    public void Add_AMillionAddressesThatLeave_TheTableIsBounded()
    {
        var known = new KnownAddresses(_time);
        for (int i = 0; i < 1_000_000; i++)
            known.Add(AddressOf(i), "a").Dispose();
        Assert.InRange(Enumerable.Range(0, 1_000_000).Count(i => known.Contain(AddressOf(i))), 1, 65_536);
    }

    private void Pass(KnownAddresses known, TimeSpan time)
    {
        _time.Advance(time);
        known.ForgetOld();
    }

    private static IPAddress AddressOf(int i) => new([10, (byte)(i >> 16), (byte)(i >> 8), (byte)i]);
}
