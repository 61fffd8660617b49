using Rabbit.Host.Alerts;
using Xunit;

namespace Rabbit.Tests.Host.Alerts;

/// <summary>What operators can get wrong about alerts: one sentence, status 2, and neither a secret nor an address in it.</summary>
public sealed class AlertSettingsTests
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    [Theory]
    [InlineData("nonsense", Secret, "RABBIT_ALERT_URL must be addresses")]
    [InlineData("ftp://hooks.test/secret-path", Secret, "RABBIT_ALERT_URL must be addresses")]
    [InlineData("https://name:geheim@hooks.test/", Secret, "RABBIT_ALERT_URL must be addresses")]
    [InlineData("http://hooks.test/secret-path", Secret, "RABBIT_ALERT_URL must be https")]
    [InlineData("https://hooks.test/secret-path", "", "RABBIT_ALERT_URL needs a secret")]
    [InlineData("https://hooks.test/secret-path", "geheim", "RABBIT_ALERT_SECRET must hold whsec_")]
    [InlineData("https://hooks.test/secret-path", "whsec_Z2VoZWlt", "RABBIT_ALERT_SECRET must hold whsec_")]
    public async Task Settings_Wrong_AreNamedAndNotQuoted(string url, string secret, string start)
    {
        using var failed = new FailedStart();
        string sentence = await failed.RunAsync(2, FailedStart.Server(), ("RABBIT_ALERT_URL", url), ("RABBIT_ALERT_SECRET", secret));
        Assert.StartsWith(start, sentence, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", sentence, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-path", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SecretFile_MissingOrEmpty_IsNamed()
    {
        using var failed = new FailedStart();
        string file = Path.Combine(failed.Directory, "secret");
        Assert.StartsWith("--alert-secret-file cannot be read", await failed.RunAsync(2, FailedStart.Server("--alert-secret-file", file)), StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, "\n", TestContext.Current.CancellationToken);
        Assert.StartsWith("The file of --alert-secret-file is empty", await failed.RunAsync(2, FailedStart.Server("--alert-secret-file", file)), StringComparison.Ordinal);
    }

    /// <summary>The example of the specification's reference implementations.</summary>
    [Fact]
    public void Signature_OfAKnownMessage_IsTheKnownOne() => Assert.Equal(
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        AlertSignature.Of("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, """{"test": 2432232314}""", [AlertSignature.ReadSecret(Secret)!]));

    [Fact]
    public void Signature_WhileOneSecretTakesAnothersPlace_HasBoth()
    {
        byte[] other = new byte[32];
        string[] both = AlertSignature.Of("a", 1, "{}", [AlertSignature.ReadSecret(Secret)!, other]).Split(' ');
        Assert.Equal([AlertSignature.Of("a", 1, "{}", [AlertSignature.ReadSecret(Secret)!]), AlertSignature.Of("a", 1, "{}", [other])], both);
    }
}
