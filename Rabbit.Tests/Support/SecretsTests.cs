using Rabbit.Persistence.Management;
using Rabbit.Protocol.Credentials;
using Xunit;
using Xunit.Sdk;

namespace Rabbit.Tests.Support;

/// <summary>Every line of every program that a test starts is looked through for secrets, and the test fails when there is one.</summary>
[Trait("Property", "P05")]
public sealed class SecretsTests
{
    public static TheoryData<string> Leaks()
    {
        TokenText token = TokenText.Create();
        ApiKeyText key = ApiKeyText.Create();
        Guid channel = Guid.NewGuid();
        Secrets.Remember(token);
        Secrets.Remember(channel);
        return [token.Reveal(), $"login of rabbit://{token.Reveal()}@host failed", $"the secret is '{token.Secret}'", $"Bearer {key.Reveal()}", $"{channel}", $"DATA:{channel:N}"];
    }

    [Theory]
    [MemberData(nameof(Leaks))]
    public async Task Program_WritesASecret_FailsItsTest(string line)
    {
        RunningProcess program = RunningProcess.Start("program", "printf", ["%s\\n", line]);
        await program.WaitForExitAsync(TimeSpan.FromSeconds(30));
        await Assert.ThrowsAsync<XunitException>(() => program.DisposeAsync().AsTask());
    }

    [Fact]
    public async Task Program_WritesWhatIsNoSecret_DoesNot()
    {
        string[] lines = [TokenText.Create().ToString(), "rbt_000000000000_00000000000000000000000000000000", $"{Guid.NewGuid()}", new string('a', 32)];
        await using RunningProcess program = RunningProcess.Start("program", "printf", [.. lines.Prepend("%s\\n")]);
        Assert.Equal(0, await program.WaitForExitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal(lines, program.Lines);
    }
}
