using System.CommandLine;
using System.Text.RegularExpressions;
using Rabbit.Client.Configuration;
using Rabbit.Client.Credentials;
using Rabbit.Client.Systemd;

namespace Rabbit.Client.Commands;

/// <summary><c>tunnel-client install</c> and <c>uninstall</c>: the tunnels of a file as a service of systemd.</summary>
internal static partial class InstallCommand
{
    private static readonly Argument<string?> Tunnels = new("file") { Arity = ArgumentArity.ZeroOrOne, Description = $"File of the tunnels; {TunnelFilePlace.Usual} without it." };
    private static readonly Option<bool> User = new("--user") { Description = "A service of this account, which runs while it is logged in (or always: loginctl enable-linger)." };
    private static readonly Option<bool> Machine = new("--system") { Description = "A service of the machine, under an account of its own; needs root." };
    private static readonly Option<string?> Name = new("--name") { Description = "Tells it from other services of this program: the unit is then tunnel-client-NAME." };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Print what would be written, and change nothing." };

    // By ProtectHome= and PrivateTmp= (systemd.exec(5)).
    private static readonly string[] HiddenDirectories = ["/home/", "/root/", "/run/user/", "/tmp/", "/var/tmp/"];

    public static Command CreateInstall()
    {
        var install = new Command("install", "Runs the tunnels of a file as a service of systemd, now and after each start of the machine.") { Tunnels, User, Machine, Name, DryRun };
        install.SetAction((parsed, cancellationToken) => RunAsync(() => InstallAsync(parsed, cancellationToken)));
        return install;
    }

    public static Command CreateUninstall()
    {
        var uninstall = new Command("uninstall", "Ends and removes the service; the file of the tunnels stays.") { User, Machine, Name, DryRun };
        uninstall.SetAction((parsed, cancellationToken) => RunAsync(() => UninstallAsync(parsed, cancellationToken)));
        return uninstall;
    }

    private static async Task<int> RunAsync(Func<Task<int>> command)
    {
        try
        {
            return await command();
        }
        catch (FormatException e)
        {
            return ClientCommand.Fail(ExitCode.Usage, e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ClientCommand.Fail(ExitCode.Failure, $"{e.Message.TrimEnd('.')}; a service of the machine (--system) takes root, one of your account --user.");
        }
    }

    private static async Task<int> InstallAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        ServicePlace place = ReadPlace(parsed);
        string path = Path.GetFullPath(TunnelFilePlace.Find(parsed.GetValue(Tunnels)));
        var file = TunnelFile.Read(path, TokenStore.Default());
        if (file.Faults.Count > 0)
            throw new FormatException($"{file.Describe(path).First()} ('tunnel-client check' lists all that is wrong.)");
        string program = Environment.ProcessPath ?? throw new FormatException("This program does not know its own path; run it by that.");
        List<string> obstacles = place.IsSystem ? [.. Obstacles(program, path, file)] : [];
        string unit = UnitFile.Write(place.Name, place.IsSystem, program, path, file.Files);
        if (parsed.GetValue(DryRun))
        {
            foreach (string obstacle in obstacles)
                ClientCommand.Say(obstacle);
            Console.WriteLine($"# {place.UnitPath}\n{unit}# then: {place.Command("daemon-reload")}; {place.Command($"enable {place.Unit}")}; {place.Command($"restart {place.Unit}")}");
            return ExitCode.Ok;
        }
        if (obstacles is [var first, ..])
            throw new FormatException(first);
        bool isSame = File.Exists(place.UnitPath) && await File.ReadAllTextAsync(place.UnitPath, cancellationToken) == unit;
        if (!isSame)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(place.UnitPath)!);
            await File.WriteAllTextAsync(place.UnitPath, unit, cancellationToken);
        }
        Console.WriteLine($"{place.UnitPath} is {(isSame ? "as it was" : "written")}.");
        if (!place.IsManaged)
        {
            Console.WriteLine($"Its systemd does not run here. Where it does: {place.Command("daemon-reload")} && {place.Command($"enable --now {place.Unit}")}");
            return ExitCode.Ok;
        }
        // What runs already as it should is left alone.
        foreach (string step in isSame ? new[] { $"enable --now {place.Unit}" } : ["daemon-reload", $"enable {place.Unit}", $"restart {place.Unit}"])
        {
            if (await Systemctl.RunAsync(place, step, cancellationToken) is { } fault)
                return ClientCommand.Fail(ExitCode.Failure, fault);
        }
        Console.WriteLine($"The service runs; see '{place.Command($"status {place.Unit}")}' and 'tunnel-client status'.");
        return ExitCode.Ok;
    }

    private static async Task<int> UninstallAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        ServicePlace place = ReadPlace(parsed);
        if (!File.Exists(place.UnitPath))
        {
            Console.WriteLine($"There is no {place.UnitPath}.");
            return ExitCode.Ok;
        }
        if (parsed.GetValue(DryRun))
        {
            Console.WriteLine($"# {place.Command($"disable --now {place.Unit}")}; rm {place.UnitPath}; {place.Command("daemon-reload")}");
            return ExitCode.Ok;
        }
        if (place.IsManaged && await Systemctl.RunAsync(place, $"disable --now {place.Unit}", cancellationToken) is { } fault)
            return ClientCommand.Fail(ExitCode.Failure, fault);
        File.Delete(place.UnitPath);
        if (place.IsManaged && await Systemctl.RunAsync(place, "daemon-reload", cancellationToken) is { } later)
            return ClientCommand.Fail(ExitCode.Failure, later);
        Console.WriteLine($"{place.UnitPath} is removed; the file of the tunnels and the tokens stay where they are.");
        return ExitCode.Ok;
    }

    private static ServicePlace ReadPlace(ParseResult parsed)
    {
        if (!OperatingSystem.IsLinux())
            throw new FormatException("Services are for systemd, which only Linux has; elsewhere let the system's own service manager run 'tunnel-client run FILE'.");
        if (parsed.GetValue(User) == parsed.GetValue(Machine))
            throw new FormatException("Say whose service it is: --user, of this account, or --system, of the machine.");
        if (parsed.GetValue(Name) is { } name && !ServiceName().IsMatch(name))
            throw new FormatException($"--name must be of small letters, digits and hyphens, 32 at most, not '{name}'.");
        return ServicePlace.For(parsed.GetValue(Name), parsed.GetValue(Machine));
    }

    // The service's account is nobody else's: it reads what everybody may read, and what systemd gives it.
    private static IEnumerable<string> Obstacles(string program, string path, TunnelFile file)
    {
        if (file.WithoutTokenFile is [var tunnel, ..])
            yield return $"tunnels.{tunnel} in {path} needs a token_file: a service of the machine gets its token from systemd, which reads that file, of mode 600, for it.";
        if (Hidden(program) is { } ofProgram)
            yield return $"The service could not run {program}, since it sees nothing of {ofProgram}: put the program into /usr/local/bin, and run 'install' from there.";
        if (Hidden(path) is { } ofFile)
            yield return $"The service could not read {path}, since it sees nothing of {ofFile}: put the file into /etc/rabbit.";
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & UnixFileMode.OtherRead) == 0)
            yield return $"The service could not read {path}, which is to hold no secret: 'chmod 644 {path}'.";
    }

    private static string? Hidden(string path) =>
        HiddenDirectories.FirstOrDefault(directory => path.StartsWith(directory, StringComparison.Ordinal))?.TrimEnd('/');

    [GeneratedRegex("^[a-z0-9][a-z0-9-]{0,31}$")]
    private static partial Regex ServiceName();
}
