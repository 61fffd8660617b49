using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd.Clients;

/// <summary>A token that is kept, used, and forgotten.</summary>
public sealed class LoginTests(RunningServer running) : IClassFixture<RunningServer>
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Fact]
    [Trait("Property", "P05")]
    public async Task Login_TokenKept_ConnectFindsIt_UntilItIsForgotten()
    {
        using var home = new ClientHome();
        TestToken token = await running.Server.CreateTokenAsync();
        string server = $"localhost:{running.Server.ControlPort}";
        var (status, output) = await home.RunAsync("login", "--server", server, "--token-file", home.Write("token", token.Text));
        Assert.Equal(0, status);
        Assert.Contains($"rbt_{token.Id}_…", output, StringComparison.Ordinal);
        File.Delete(home.File("token"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(home.File("config/rabbit/tokens")));

        await using (RunningProcess client = home.Start("connect", "--server", server, "--local-port", "1", "--health", "none"))
            await client.WaitForLineAsync("Tunnel is up", Soon);

        Assert.Equal(0, (await home.RunAsync("logout", "--server", server)).Status);
        Assert.Equal(1, (await home.RunAsync("logout", "--server", server)).Status);
        (status, output) = await home.RunAsync("connect", "--server", server, "--local-port", "1");
        Assert.Equal(2, status);
        Assert.Contains("tunnel-client login", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rbt_mistyped_secret", 2, "mistyped")]
    public async Task Login_NoToken_KeepsNothing(string text, int status, string sentence)
    {
        using var home = new ClientHome();
        var (ended, output) = await home.RunAsync("login", "--server", "localhost", "--token-file", home.Write("token", text));
        Assert.Equal(status, ended);
        Assert.Contains(sentence, output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(home.File("config")));
    }
}
