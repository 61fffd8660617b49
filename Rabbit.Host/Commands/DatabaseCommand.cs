using System.CommandLine;
using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Rabbit.Host.Startup;
using Rabbit.Persistence;
using Rabbit.Tunneling;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Commands;

/// <summary><c>rabbit database</c>: works on the database directly, also while a server runs on it.</summary>
internal static class DatabaseCommand
{
    private static readonly FlagOptions Flags = new(ServerFlag.All.Where(flag => flag.Name is "--data" or "--database"));

    public static Command Create()
    {
        var command = new Command("database", "Works on the database itself, also while a server runs on it.")
        {
            DatabaseMigrateCommand.Create(), DatabaseHealthCommand.Create(), DatabaseStatsCommand.Create(), DatabaseListTeamsCommand.Create(),
            DatabaseSetPortRangeCommand.Create(), DatabaseBackupCommand.Create(), DatabaseImportCommand.Create(),
        };
        Flags.AddTo(command);
        return command;
    }

    /// <summary>Runs the work of a subcommand on the stores that the settings name; the exit status.</summary>
    public static async Task<int> RunAsync(ParseResult parsed, Func<IServiceProvider, Task<int>> work)
    {
        IConfigurationRoot configuration;
        try
        {
            configuration = RabbitConfiguration.Read(Flags.Read(parsed));
        }
        catch (FormatException e)
        {
            return RabbitCommand.Fail(ExitCode.Usage, e.Message);
        }

        var services = new ServiceCollection();
        services.AddLogging();
        services.Configure<PersistenceOptions>(configuration.GetSection(TunnelingOptions.Section));
        // Not Redis: what is in it is the running server's.
        services.AddRabbitPersistence(redis: "");
        await using ServiceProvider stores = services.BuildServiceProvider();
        try
        {
            return await work(stores);
        }
        catch (Exception e) when (e is StoreUnavailableException or IOException or UnauthorizedAccessException)
        {
            return RabbitCommand.Fail(ExitCode.Failure, SettingNames.Use(configuration, e.Message));
        }
        catch (Exception e) when (e is DbException or DbUpdateException)
        {
            return RabbitCommand.Fail(
                ExitCode.Failure, $"The database refused ({e.GetBaseException().Message.ReplaceLineEndings(" ").TrimEnd('.')}); see that this account may read and write its tables.");
        }
    }
}
