using System.CommandLine;
using System.Globalization;
using Rabbit.Host.Commands.Output;
using Rabbit.Persistence.Management;

namespace Rabbit.Host.Commands;

/// <summary><c>rabbit database backup</c>: copies SQLite's database, also a running server's.</summary>
internal static class DatabaseBackupCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "Where to; a new file." };
        Option<bool> json = JsonOutput.CreateOption();
        var command = new Command("backup", "Copies a SQLite database into a new file, also while a server runs on it (docs/backup.md).") { file, json };
        file.Validators.Add(argument =>
        {
            if (argument.GetRequiredValue(file).Length == 0)
                argument.AddError("FILE must not be empty");
        });
        command.SetAction((parsed, cancellationToken) => DatabaseCommand.RunAsync(parsed, async stores =>
        {
            string path = Path.GetFullPath(parsed.GetRequiredValue(file));
            long size = await stores.GetRequiredService<DatabaseBackup>().WriteAsync(path, cancellationToken);
            if (parsed.GetValue(json))
                JsonOutput.Write(new { File = path, SizeBytes = size });
            else
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Backed up to {path} ({size / 1048576.0:N1} MiB)."));
            return ExitCode.Ok;
        }));
        return command;
    }
}
