using System.Globalization;
using Microsoft.Extensions.Options;
using Rabbit.Host.Startup;
using Rabbit.Tunneling;

namespace Rabbit.Host.Alerts;

/// <summary>The options of alerts, read and checked.</summary>
internal sealed class AlertSettings
{
    private const string HowToMakeASecret = "'echo whsec_$(openssl rand -base64 32)' makes one.";

    public AlertSettings(IOptions<AlertOptions> options)
    {
        AlertOptions given = options.Value;
        Targets = [.. ReadAddresses(given, nameof(AlertOptions.AlertUrl)).Select(address => new AlertTarget(address)).DistinctBy(target => target.Id)];
        Secrets = ReadSecrets(given, nameof(AlertOptions.AlertSecret), nameof(AlertOptions.AlertSecretFile));
        Grace = given.AlertGrace;
        ExpiryDays = [.. Split(given.AlertExpiryDays, ',').Select(days => int.Parse(days, CultureInfo.InvariantCulture)).Order()];
    }

    /// <summary>The receivers; none where there are to be no alerts.</summary>
    public IReadOnlyList<AlertTarget> Targets { get; }

    /// <summary>What alerts are signed with, each.</summary>
    public IReadOnlyList<byte[]> Secrets { get; }

    /// <summary>How long something must be wrong until it is told.</summary>
    public TimeSpan Grace { get; }

    /// <summary>Days before a token's expiry at which that is told, fewest first.</summary>
    public IReadOnlyList<int> ExpiryDays { get; }

    /// <summary>Reads them as they were given, before anything is started.</summary>
    /// <exception cref="FormatException">One sentence that says what to correct; it quotes neither secrets nor addresses.</exception>
    public static void Check(IConfigurationRoot configuration)
    {
        AlertOptions given = configuration.GetSection(TunnelingOptions.Section).Get<AlertOptions>()!;
        string url = NameOf(nameof(AlertOptions.AlertUrl)), secret = NameOf(nameof(AlertOptions.AlertSecret)), file = NameOf(nameof(AlertOptions.AlertSecretFile));
        int receivers = ReadAddresses(given, url).Count;
        int secrets = ReadSecrets(given, secret, file).Count;
        if (receivers > 0 && secrets == 0)
            throw new FormatException($"{url} needs a secret to sign alerts with, in the file that {file} names or in RABBIT_ALERT_SECRET; {HowToMakeASecret}");

        string NameOf(string option) => SettingNames.NameOf(configuration, $"{TunnelingOptions.Section}:{option}");
    }

    private static List<Uri> ReadAddresses(AlertOptions given, string name) => [.. Split(given.AlertUrl, ',').Select(text =>
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? address) || address.Scheme is not ("https" or "http") || address.UserInfo.Length > 0 || address.Fragment.Length > 0)
            throw new FormatException($"{name} must be addresses such as https://alerts.example.com/rabbit, with commas between them.");
        if (address.Scheme == "http" && !address.IsLoopback && !given.AlertPlaintext)
            throw new FormatException($"{name} must be https where it is another machine; RABBIT_ALERT_PLAINTEXT=true allows http.");
        return address;
    })];

    private static List<byte[]> ReadSecrets(AlertOptions given, string name, string fileName)
    {
        if (given.AlertSecret.Length > 0 && given.AlertSecretFile.Length > 0)
            throw new FormatException($"Give either {name} or {fileName}, not both.");
        string text = given.AlertSecret;
        if (given.AlertSecretFile.Length > 0)
        {
            (text, name) = (ReadFile(given.AlertSecretFile, fileName), $"The file of {fileName}");
            if (text.Trim().Length == 0)
                throw new FormatException($"{name} is empty; {HowToMakeASecret}");
        }
        return [.. text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(
            secret => AlertSignature.ReadSecret(secret) ?? throw new FormatException($"{name} must hold whsec_ and 24 to 64 random bytes in base64; {HowToMakeASecret}"))];
    }

    private static string ReadFile(string file, string name)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"{name} cannot be read: {e.Message}", e);
        }
    }

    private static string[] Split(string text, char separator) => text.Split(separator, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
