using System.CommandLine;
using Rabbit.ApiClient;
using Rabbit.Host.Commands.Output;

namespace Rabbit.Host.Commands.Api;

/// <summary>Makes the commands that work over the API, and runs them.</summary>
internal static class ApiCommand
{
    /// <summary>All of them.</summary>
    public static IEnumerable<Command> CreateAll() =>
    [
        TeamCommand.Create(), TokenCommand.Create(), SessionCommand.Create(), PortCommand.Create(), ConnectionCommand.Create(),
        RestorationCommand.Create(), SettingCommand.Create(), KeyCommand.Create(), AuditCommand.Create(), StatsCommand.Create(),
        EventsCommand.Create(), HealthCommand.Create(), VersionCommand.Create(),
    ];

    /// <summary>A command that only holds others.</summary>
    public static Command Group(string name, string description, params IEnumerable<Command> commands)
    {
        var group = new Command(name, description);
        foreach (Command command in commands)
            group.Subcommands.Add(command);
        ApiFlags.AddTo(group);
        return group;
    }

    /// <summary>A command that asks the API.</summary>
    /// <param name="name">As typed.</param>
    /// <param name="description">For the help text.</param>
    /// <param name="symbols">Its arguments and options, beside <c>--json</c>.</param>
    /// <param name="run">Does it; the exit status.</param>
    /// <param name="needsKey">Whether the API asks for a key.</param>
    public static Command Of(string name, string description, IEnumerable<Symbol> symbols, Func<ApiCall, Task<int>> run, bool needsKey = true)
    {
        var command = new Command(name, description);
        foreach (Symbol symbol in symbols)
        {
            if (symbol is Argument argument)
                command.Arguments.Add(argument);
            else
                command.Options.Add((Option)symbol);
        }
        Option<bool> json = JsonOutput.CreateOption();
        command.Options.Add(json);
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, needsKey, parsed.GetValue(json), run, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        ParseResult parsed, bool needsKey, bool json, Func<ApiCall, Task<int>> run, CancellationToken cancellationToken)
    {
        ApiTarget target;
        try
        {
            target = ApiTarget.Read(parsed, needsKey);
        }
        catch (FormatException e)
        {
            return RabbitCommand.Fail(ExitCode.Usage, e.Message);
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            return RabbitCommand.Fail(ExitCode.Failure, e.Message);
        }

        using HttpClient http = target.CreateHttpClient();
        try
        {
            return await run(new ApiCall(parsed, new RabbitApiClient(http), target, json, cancellationToken));
        }
        catch (CommandFailedException e)
        {
            return RabbitCommand.Fail(e.ExitCode, e.Message);
        }
        catch (Exception e) when (ApiFailure.Explain(e, target) is not null)
        {
            return RabbitCommand.Fail(ExitCode.Failure, ApiFailure.Explain(e, target)!);
        }
    }
}
