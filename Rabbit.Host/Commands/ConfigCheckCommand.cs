using System.CommandLine;
using Rabbit.Host.Settings;
using Rabbit.Host.Tls;
using Rabbit.Tunneling;

namespace Rabbit.Host.Commands;

/// <summary><c>rabbit config check</c>: whether a server would take the settings. It asks neither the database nor Redis, and binds nothing.</summary>
internal static class ConfigCheckCommand
{
    public static Command Create(Argument<string?> file)
    {
        var command = new Command("check", "Reads the settings as a start would, certificates too: status 0, or that of the start with the first thing to correct.") { file };
        command.SetAction(parsed => ConfigCommand.Run(parsed, (configuration, name) =>
        {
            ReadCertificates(configuration.GetSection(TunnelingOptions.Section).Get<TunnelingOptions>()!);
            EffectiveSetting[] given = [.. EffectiveSetting.ReadAll(configuration).Where(setting => setting.Source != EffectiveSetting.Default)];
            string sources = string.Join(", ", given.GroupBy(setting => setting.Kind).Select(group => $"{group.Count()} from {group.Key}"));
            Console.WriteLine(given.Length == 0
                ? $"The settings are valid: {name} is not here, and all are the defaults."
                : $"The settings are valid: {sources}; the rest are the defaults.");
        }));
        return command;
    }

    // The server's own certificate is none of the operator's files.
    private static void ReadCertificates(TunnelingOptions options)
    {
        var files = new PemFiles(options.CertificateFile, options.CertificateKeyFile, options.ClientCaFile);
        if (options.CertificateFile.Length > 0)
            _ = files.ReadCertificate();
        _ = files.ReadClientAuthorities();
        if (options.IsClustered)
            NodeMaterial.Check(options);
    }
}
