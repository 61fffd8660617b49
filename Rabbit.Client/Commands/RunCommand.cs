using System.CommandLine;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Rabbit.Client.Configuration;
using Rabbit.Client.Credentials;

namespace Rabbit.Client.Commands;

/// <summary><c>tunnel-client run</c>: keeps the tunnels of a file up, and follows its changes.</summary>
internal static partial class RunCommand
{
    private static readonly Argument<string?> File = new("file") { Arity = ArgumentArity.ZeroOrOne, Description = $"File of the tunnels; {TunnelFilePlace.Usual} without it." };

    public static Command Create()
    {
        var command = new Command("run", "Keeps the tunnels of a file connected, and follows its changes.") { File };
        OutputOptions.AddTo(command);
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        try
        {
            string path = TunnelFilePlace.Find(parsed.GetValue(File));
            var watch = new FileWatch(path, TimeProvider.System);
            await using var host = new ClientHost(parsed, Path.GetFullPath(path), cancellationToken);
            if (await TryApplyAsync(host, path) is { } fault)
            {
                await host.DisposeAsync();
                return ClientCommand.Fail(ExitCode.Usage, fault);
            }
            host.TellReady();
            using PosixSignalRegistration? hangUp = ReloadOnHangUp(watch);
            await FollowAsync(host, watch, path);
            return await host.EndAsync(failure: null);
        }
        catch (FormatException e)
        {
            return ClientCommand.Fail(ExitCode.Usage, e.Message);
        }
    }

    private static async Task FollowAsync(ClientHost host, FileWatch watch, string path)
    {
        try
        {
            while (true)
            {
                await watch.WaitAsync(host.Stopping);
                if (await TryApplyAsync(host, path) is { } fault)
                    LogRefused(host.Logger, fault);
            }
        }
        catch (OperationCanceledException) when (host.Stopping.IsCancellationRequested)
        {
            // The program ends.
        }
    }

    /// <summary>Makes the tunnels those of the file; where that cannot be, says why, and everything stays as it was.</summary>
    private static async Task<string?> TryApplyAsync(ClientHost host, string path)
    {
        try
        {
            var file = TunnelFile.Read(path, TokenStore.Default());
            if (file.Faults.Count > 0)
            {
                string first = file.Describe(path).First();
                return file.Faults.Count == 1 ? first : $"{first} ({file.Faults.Count - 1} more: 'tunnel-client check {path}' lists them.)";
            }
            await host.Tunnels.ApplyAsync(file.Tunnels);
            LogTaken(host.Logger, path, file.Tunnels.Count);
            foreach (string warning in file.Warnings)
                LogWarning(host.Logger, warning);
            return null;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }

    // On a terminal the signal says that the terminal is gone, and ends the program as it does every program there.
    private static PosixSignalRegistration? ReloadOnHangUp(FileWatch watch) => !Console.IsInputRedirected ? null : PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
    {
        context.Cancel = true;
        watch.Demand();
    });

    [LoggerMessage(EventIds.ConfigurationTaken, LogLevel.Information, "Tunnels are as in {File}: {Count}")]
    private static partial void LogTaken(ILogger logger, string file, int count);

    [LoggerMessage(EventIds.ConfigurationRefused, LogLevel.Error, "Tunnels stay as they were: {Reason}")]
    private static partial void LogRefused(ILogger logger, string reason);

    [LoggerMessage(EventIds.TokenFileOpen, LogLevel.Warning, "{Warning}")]
    private static partial void LogWarning(ILogger logger, string warning);
}
