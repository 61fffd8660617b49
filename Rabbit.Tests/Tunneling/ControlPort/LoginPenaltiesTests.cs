using System.Net;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Rabbit.Tunneling;
using Rabbit.Tunneling.ControlPort;
using Xunit;

namespace Rabbit.Tests.Tunneling.ControlPort;

public sealed class LoginPenaltiesTests
{
    private static readonly IPAddress Address = IPAddress.Parse("192.0.2.1");

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Add_ThreeWrongTokens_AreTolerated_TheFourthKeepsOut()
    {
        LoginPenalties penalties = Create();
        for (int i = 0; i < 3; i++)
            Assert.False(penalties.Add(Address, LoginPenalties.WrongToken));
        Assert.Equal(TimeSpan.Zero, penalties.Remaining(Address));

        Assert.True(penalties.Add(Address, LoginPenalties.WrongToken));
        Assert.Equal(TimeSpan.FromSeconds(20), penalties.Remaining(Address));
        Assert.False(penalties.Add(Address, LoginPenalties.WrongToken));
        Assert.Equal(TimeSpan.FromSeconds(25), penalties.Remaining(Address));

        // Once kept out it is so to the end, also below what is tolerated.
        _time.Advance(TimeSpan.FromSeconds(24));
        Assert.Equal(TimeSpan.FromSeconds(1), penalties.Remaining(Address));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.Zero, penalties.Remaining(Address));
        penalties.Add(Address, LoginPenalties.WrongToken);
        Assert.Equal(TimeSpan.Zero, penalties.Remaining(Address));
    }

    [Fact]
    public void Add_Seldom_NeverKeepsOut()
    {
        LoginPenalties penalties = Create();
        for (int i = 0; i < 1000; i++)
        {
            Assert.False(penalties.Add(Address, LoginPenalties.WrongToken));
            _time.Advance(LoginPenalties.WrongToken);
        }
        Assert.Equal(TimeSpan.Zero, penalties.Remaining(Address));
    }

    [Fact]
    public void Add_WithoutEnd_KeepsOutForTenMinutes()
    {
        LoginPenalties penalties = Create();
        for (int i = 0; i < 1000; i++)
            penalties.Add(Address, LoginPenalties.TooSlow);
        Assert.Equal(TimeSpan.FromMinutes(10), penalties.Remaining(Address));
    }

    [Fact]
    [Trait("Property", "P12")]
    public void Add_AMillionAddresses_TheTableIsBoundedAndTheWorstAreKept()
    {
        LoginPenalties penalties = Create();
        for (int i = 0; i < 100; i++)
            penalties.Add(Address, LoginPenalties.TooSlow);
        for (int i = 0; i < 1_000_000; i++)
            penalties.Add(new IPAddress([(byte)(i >> 16), (byte)(i >> 8), (byte)i, 7]), LoginPenalties.NoLogin);
        Assert.Equal(65_536, penalties.Count);
        Assert.Equal(TimeSpan.FromMinutes(10), penalties.Remaining(Address));

        _time.Advance(TimeSpan.FromMinutes(10));
        penalties.Add(Address, LoginPenalties.NoLogin);
        Assert.Equal(1, penalties.Count);
    }

    [Theory]
    [InlineData("2001:db8::1", "2001:db8::ffff:0:0:1", true)]
    [InlineData("2001:db8::1", "2001:db8:0:1::1", false)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("0.0.0.1", "::", false)]
    [Trait("Property", "P12")]
    public void Add_Address_CountsForItsIPv4AddressOrIPv6NetworkOf64Bits(string punished, string other, bool isKeptOut)
    {
        LoginPenalties penalties = Create();
        for (int i = 0; i < 4; i++)
            penalties.Add(IPAddress.Parse(punished), LoginPenalties.WrongToken);
        Assert.Equal(isKeptOut, penalties.Remaining(IPAddress.Parse(other)) > TimeSpan.Zero);
    }

    [Fact]
    public void Add_ExemptNetwork_HasNoConsequences()
    {
        LoginPenalties penalties = Create("192.0.2.0/24, 2001:db8::/32");
        for (int i = 0; i < 100; i++)
            penalties.Add(Address, LoginPenalties.TooSlow);
        Assert.Equal(TimeSpan.Zero, penalties.Remaining(Address));
        Assert.Equal(0, penalties.Count);
    }

    private LoginPenalties Create(string exempt = "") => new(Options.Create(new TunnelingOptions { PenaltyExempt = exempt }), _time);
}
