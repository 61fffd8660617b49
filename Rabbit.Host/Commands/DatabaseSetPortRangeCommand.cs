using System.CommandLine;
using Rabbit.Host.Commands.Output;
using Rabbit.Persistence.Management;

namespace Rabbit.Host.Commands;

/// <summary><c>rabbit database set-port-range</c>: changes the ports from which tokens get theirs.</summary>
internal static class DatabaseSetPortRangeCommand
{
    public static Command Create()
    {
        var text = new Argument<string>("FIRST-LAST") { Description = "Such as 10000-20000." };
        Option<bool> json = JsonOutput.CreateOption();
        var command = new Command("set-port-range", "Sets the tunnel ports that tokens get from now on, also those of a running server.") { text, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (!PortRange.TryParse(parsed.GetValue(text), out PortRange range))
                return RabbitCommand.Fail(ExitCode.Usage, $"The port range must look like 10000-20000, two ports from 1 to 65535, not '{parsed.GetValue(text)}'.");
            return await DatabaseCommand.RunAsync(parsed, async stores =>
            {
                await stores.GetRequiredService<DatabaseSchema>().RequireCurrentAsync(cancellationToken);
                await stores.GetRequiredService<ServerSettings>().UpdateAsync(
                    new SettingChange(range.First, range.Last), new Actor("rabbit database", ""), cancellationToken);
                int outside = await stores.GetRequiredService<DatabaseCensus>().CountOutsideAsync(range, cancellationToken);
                string? warning = EphemeralPorts.Read()?.Warn(range);
                if (parsed.GetValue(json))
                    JsonOutput.Write(new { PortRange = range, TokensOutside = outside, Warning = warning });
                else
                    Console.WriteLine($"New tokens get ports of {range}{(outside > 0 ? $"; tokens that keep a port outside: {outside}" : "")}.");
                if (warning is not null)
                    await Console.Error.WriteLineAsync($"rabbit: {warning}");
                return ExitCode.Ok;
            });
        });
        return command;
    }
}
