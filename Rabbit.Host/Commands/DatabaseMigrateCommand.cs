using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.Options;
using Rabbit.Host.Startup;
using Rabbit.Persistence;
using Rabbit.Persistence.Management;

namespace Rabbit.Host.Commands;

/// <summary><c>rabbit database migrate</c>: makes the tables, or brings them up to date.</summary>
internal static class DatabaseMigrateCommand
{
    public static Command Create()
    {
        var command = new Command("migrate", "Makes the tables or brings them up to date, as a start of the server does; SQLite's not while a server runs.");
        command.SetAction((parsed, cancellationToken) => DatabaseCommand.RunAsync(parsed, async stores =>
        {
            var schema = stores.GetRequiredService<DatabaseSchema>();
            if (schema.IsFile)
                DataDirectory.Make(stores.GetRequiredService<IOptions<PersistenceOptions>>().Value.Data);
            int applied = await schema.MigrateAsync(cancellationToken);
            DatabaseState state = await schema.ReadStateAsync(cancellationToken);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{state.Database}: applied {applied} of {state.Applied} migrations; the last is {state.Latest}."));
            return ExitCode.Ok;
        }));
        return command;
    }
}
