using Rabbit.Protocol.Credentials;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Client.Commands;

/// <summary>The real program's command line; more of its mistakes are in BadStartTests.</summary>
public sealed class ClientCommandTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);
    private static readonly TokenText Token = TokenText.Create();

    [Theory]
    [InlineData("--help")]
    [InlineData("connect", "--help")]
    [InlineData("connect", "-h")]
    [InlineData("--version")]
    public async Task Help_Asked_IsGivenWithoutAnError(params string[] arguments)
    {
        await using RunningProcess client = RunningProcess.Start("tunnel-client", Programs.TunnelClient, arguments);
        Assert.Equal(0, await client.WaitForExitAsync(Soon));
        Assert.DoesNotContain(client.Lines, line => line.StartsWith("tunnel-client: ", StringComparison.Ordinal) && line.Contains("lists what", StringComparison.Ordinal));
        Assert.NotEmpty(client.Lines);
    }

    [Theory]
    [Trait("Property", "P05")]
    [InlineData("rabbit://TOKEN@127.0.0.1:1", "--local-port", "3000")]
    [InlineData("connect", "rabbit://127.0.0.1:1", "TOKEN", "--local-port", "3000")]
    [InlineData("connect", "TOKEN", "--local-port", "3000")]
    [InlineData("connect", "rabbit://TOKEN@127.0.0.1:1", "--local-port", "TOKEN")]
    [InlineData("connect", "--server", "TOKEN@127.0.0.1:1", "--local-port", "3000")]
    [InlineData("connect", "rabbit://127.0.0.1:1", "--token-file", "TOKEN", "--local-port", "3000")]
    [InlineData("connect", "rabbit://127.0.0.1:1", "--tokn", "TOKEN", "--local-port", "3000")]
    public async Task Token_InTheWrongPlace_IsNotShown(params string[] arguments)
    {
        await using RunningProcess client = RunningProcess.Start(
            "tunnel-client", Programs.TunnelClient, arguments.Select(argument => argument.Replace("TOKEN", Token.Reveal(), StringComparison.Ordinal)));
        int status = await client.WaitForExitAsync(Soon);
        Assert.True(status == 2, client.Transcript());
        Assert.StartsWith("tunnel-client: ", Assert.Single(client.Lines), StringComparison.Ordinal);
        Assert.DoesNotContain(Token.Secret, client.Lines[0], StringComparison.Ordinal);
    }
}
