using System.CommandLine;
using Rabbit.Host.Commands.Output;
using Rabbit.Host.Settings;

namespace Rabbit.Host.Commands;

/// <summary><c>rabbit config show</c>: every setting, and where it was given.</summary>
internal static class ConfigShowCommand
{
    public static Command Create(Argument<string?> file)
    {
        Option<bool> json = JsonOutput.CreateOption();
        var command = new Command("show", "Lists every setting with its value and where that was given; passwords and secrets are hidden.") { file, json };
        command.SetAction(parsed => ConfigCommand.Run(parsed, (configuration, _) =>
        {
            EffectiveSetting[] settings = [.. EffectiveSetting.ReadAll(configuration)];
            if (parsed.GetValue(json))
                JsonOutput.Write(settings.Select(setting => new { setting.Key, setting.Value, setting.Source }));
            else
                new TextTable(["KEY", "VALUE", "FROM"]).Write(settings.Select(setting => new[] { setting.Key, setting.Value, setting.Source }));
        }));
        return command;
    }
}
