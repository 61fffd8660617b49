using System.Net;
using Rabbit.Tunneling;
using Xunit;

namespace Rabbit.Tests.Tunneling;

[Trait("Property", "P10")]
public sealed class NetworkRulesTests
{
    [Theory]
    [InlineData("", "192.0.2.1", true)]
    [InlineData("192.0.2.0/24", "192.0.2.1", true)]
    [InlineData("192.0.2.0/24", "::ffff:192.0.2.1", true)]
    [InlineData("192.0.2.0/24", "192.0.3.1", false)]
    [InlineData("192.0.2.0/24", "2001:db8::1", false)]
    [InlineData("!192.0.2.0/24", "192.0.2.1", false)]
    [InlineData("!192.0.2.0/24", "::ffff:192.0.2.1", false)]
    [InlineData("!192.0.2.0/24", "127.0.0.1", true)]
    [InlineData("192.0.2.0/24, !192.0.2.128/25", "192.0.2.127", true)]
    [InlineData("!192.0.2.128/25,192.0.2.0/24", "192.0.2.128", false)]
    [InlineData("192.0.2.7, ! 192.0.2.7", "192.0.2.7", false)]
    [InlineData("2001:db8::/32,!2001:db8:1::/48", "2001:db8:1::1", false)]
    [InlineData("2001:db8::/32,!2001:db8:1::/48", "2001:db8:2::1", true)]
    [InlineData("192.0.2.0/24", "127.0.0.1", false)]
    [InlineData("192.0.2.0/24", "::1", false)]
    public void Allow_Address_IsAsTheRulesSay(string rules, string address, bool isAllowed)
    {
        Assert.True(NetworkRules.TryReadList(rules, out NetworkRules read));
        Assert.Equal(isAllowed, read.Allow(IPAddress.Parse(address)));
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("!")]
    [InlineData("!!10.0.0.0/8")]
    [InlineData("10.0.0.0/8,!10.0.0.0/33")]
    [InlineData("10.0.0.0/8 !10.1.0.0/16")]
    public void TryReadList_NoNetworks_IsFalse(string rules) => Assert.False(NetworkRules.TryReadList(rules, out _));

    [Theory]
    [InlineData("10.1.2.3/8", "10.0.0.0/8")]
    [InlineData(" !10.1.2.3/8 ", "!10.0.0.0/8")]
    [InlineData("!2001:DB8::1", "!2001:db8::1/128")]
    [InlineData("10", null)]
    public void Normalize_Network_IsAsItIsStored(string text, string? expected) => Assert.Equal(expected, NetworkRules.Normalize(text));
}
