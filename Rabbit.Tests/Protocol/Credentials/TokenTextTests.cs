using System.Security.Cryptography;
using System.Text;
using Rabbit.Protocol.Credentials;
using Xunit;

namespace Rabbit.Tests.Protocol.Credentials;

public sealed class TokenTextTests
{
    [Fact]
    public void Create_RoundTrip_ComesBackEqual()
    {
        TokenText token = TokenText.Create();
        Assert.True(TokenText.TryParse(token.Reveal(), out TokenText parsed));
        Assert.Equal(token, parsed);
        Assert.Matches("^rbt_[0-9a-z]{12}_[0-9a-z]{32}$", token.Reveal());
    }

    [Fact]
    public void Create_Twice_Differs() => Assert.NotEqual(TokenText.Create(), TokenText.Create());

    [Fact]
    public void TryParse_AnyCharacterChanged_Fails()
    {
        string text = TokenText.Create().Reveal();
        for (int i = 0; i < text.Length; i++)
        {
            char[] changed = text.ToCharArray();
            changed[i] = changed[i] == 'a' ? 'b' : 'a';
            Assert.False(TokenText.TryParse(new string(changed), out _), $"A change at {i} went unnoticed.");
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("rbt_")]
    [InlineData("0123456789012345678901234567890123456789012345678")]
    public void TryParse_NotAToken_Fails(string? text) => Assert.False(TokenText.TryParse(text, out _));

    [Fact]
    public void TryParse_UpperCaseOrSpace_Fails()
    {
        string text = TokenText.Create().Reveal();
        Assert.False(TokenText.TryParse(text.ToUpperInvariant(), out _));
        Assert.False(TokenText.TryParse(text + " ", out _));
    }

    [Fact]
    public void ToString_Never_ShowsTheSecret()
    {
        TokenText token = TokenText.Create();
        Assert.DoesNotContain(token.Secret, token.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(token.Secret, $"{token}", StringComparison.Ordinal);
        Assert.Contains(token.Id, token.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Property", "P04")]
    public void Matches_OnlyTheHashOfItsSecret()
    {
        TokenText token = TokenText.Create();
        Assert.Equal(SHA256.HashData(Encoding.ASCII.GetBytes(token.Secret)), token.HashSecret());
        Assert.True(token.Matches(token.HashSecret()));
        Assert.False(token.Matches(TokenText.Create().HashSecret()));
        Assert.False(token.Matches([]));
    }

    [Fact]
    public void TryParse_TokenOfRabbitGo_HasAnIdThatIsNoPartOfIt()
    {
        string text = new string('a', 63) + "0";
        Assert.True(TokenText.TryParse(text, out TokenText token));
        Assert.Equal(text, token.Reveal());
        Assert.Equal(SHA256.HashData(Encoding.ASCII.GetBytes(text)), token.HashSecret());
        Assert.Matches("^[0-9a-z]{12}$", token.Id);
        Assert.DoesNotContain(text, token.ToString(), StringComparison.Ordinal);
        Assert.NotEqual(token.Id, ForeignTokenText.IdOf(new string('a', 63) + "1"));
        // It must stay the same, or imported tokens are lost.
        Assert.Equal("g1zdprv3jccp", token.Id);
    }

    [Fact]
    public void CreateFor_IdOfRabbitGo_MakesATokenOfOurs()
    {
        TokenText token = TokenText.CreateFor(ForeignTokenText.IdOf(new string('a', 64)));
        Assert.True(TokenText.TryParse(token.Reveal(), out TokenText parsed));
        Assert.Equal(token, parsed);
    }

    [Theory]
    [InlineData("db-production")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaag")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void TryParse_OtherThanRabbitGoMakes_Fails(string text) => Assert.False(TokenText.TryParse(text, out _));
}
