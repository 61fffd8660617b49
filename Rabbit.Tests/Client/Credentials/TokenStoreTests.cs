using Rabbit.Client.Credentials;
using Rabbit.Protocol.Credentials;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Client.Credentials;

public sealed class TokenStoreTests : IDisposable
{
    private readonly TempDirectory _home = new();
    private readonly TokenText _token = TokenText.Create();

    private TokenStore Store => new(_home.File("rabbit/tokens"));

    [Fact]
    public void Put_Find_Remove_KeepsOneTokenForEachServer()
    {
        var other = TokenText.Create();
        Assert.Null(Store.Find("host", 1));
        Store.Put("host", 1, other);
        Store.Put("host", 2, other);
        Store.Put("host", 1, _token);
        Assert.Equal(_token.Reveal(), Store.Find("host", 1));
        Assert.Equal(other.Reveal(), Store.Find("host", 2));
        Assert.True(Store.Remove("host", 1));
        Assert.False(Store.Remove("host", 1));
        Assert.Null(Store.Find("host", 1));
        Assert.Equal(other.Reveal(), Store.Find("host", 2));
    }

    [Fact]
    [Trait("Property", "P05")]
    public void Put_File_IsTheOwnersAlone()
    {
        Store.Put("host", 1, _token);
        if (OperatingSystem.IsWindows())
            return;
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Store.File));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(Store.File)!));
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(Store.File)!));
    }

    [Theory]
    [Trait("Property", "P05")]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    public void Find_FileThatOthersCanRead_IsRefused(UnixFileMode more)
    {
        Store.Put("host", 1, _token);
        if (OperatingSystem.IsWindows())
            return;
        File.SetUnixFileMode(Store.File, UnixFileMode.UserRead | UnixFileMode.UserWrite | more);
        string fault = Assert.Throws<FormatException>(() => Store.Find("host", 1)).Message;
        Assert.Contains($"chmod 600 {Store.File}", fault, StringComparison.Ordinal);
        Assert.DoesNotContain(_token.Secret, fault, StringComparison.Ordinal);
    }

    public void Dispose() => _home.Dispose();
}
