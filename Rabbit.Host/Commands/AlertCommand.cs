using System.CommandLine;
using Microsoft.Extensions.Options;
using Rabbit.Host.Alerts;
using Rabbit.Host.Startup;
using Rabbit.Tunneling;

namespace Rabbit.Host.Commands;

/// <summary><c>rabbit alert test</c>: sends an alert from here, with the server's settings, to see whether it arrives.</summary>
internal static class AlertCommand
{
    private static readonly FlagOptions Flags = new(ServerFlag.All.Where(flag => flag.Name is "--alert-url" or "--alert-secret-file"));

    public static Command Create()
    {
        var test = new Command("test", "Sends a signed test alert to each receiver, from here and with the server's settings: status 0, or 1 if one does not take it.");
        test.SetAction(RunAsync);
        var command = new Command("alert", "Alerts by webhook.") { test };
        Flags.AddTo(command);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        AlertSettings settings;
        try
        {
            IConfigurationRoot configuration = RabbitConfiguration.Read(Flags.Read(parsed));
            settings = new AlertSettings(Options.Create(configuration.GetSection(TunnelingOptions.Section).Get<AlertOptions>()!));
        }
        catch (FormatException e)
        {
            return RabbitCommand.Fail(ExitCode.Usage, e.Message);
        }
        if (settings.Targets.Count == 0)
            return RabbitCommand.Fail(ExitCode.Usage, "There is no receiver to send to; name one with --alert-url, as for the server.");

        using var sender = new AlertSender(settings, TimeProvider.System);
        var alert = new Alert(AlertTypes.Test, TimeProvider.System.GetUtcNow(), new Alert.Subject(
            null, null, null, null, null, null, null, null, $"A test of alerts from {Environment.MachineName}: nothing is wrong."));
        int status = ExitCode.Ok;
        foreach (AlertTarget target in settings.Targets)
        {
            if (await sender.SendAsync(target, alert.Id, alert.ToBody(), cancellationToken) is { } failure)
                status = RabbitCommand.Fail(ExitCode.Failure, $"{target.Name} has not taken the test alert: {failure.Reason}.");
            else
                Console.WriteLine($"{target.Name} has taken the test alert {alert.Id}.");
        }
        return status;
    }
}
