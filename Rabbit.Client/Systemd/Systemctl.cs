using System.Diagnostics;

namespace Rabbit.Client.Systemd;

/// <summary>Runs systemctl(1).</summary>
internal static class Systemctl
{
    /// <summary>Runs it; what it says when it fails, or null.</summary>
    public static async Task<string?> RunAsync(ServicePlace place, string what, CancellationToken cancellationToken)
    {
        string[] arguments = place.Command(what).Split(' ')[1..];
        try
        {
            using var process = Process.Start(new ProcessStartInfo("systemctl", arguments) { RedirectStandardError = true, RedirectStandardInput = true })!;
            process.StandardInput.Close();
            string errors = await process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode == 0 ? null : $"'{place.Command(what)}' has failed: {errors.ReplaceLineEndings(" ").Trim()}";
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return $"systemctl cannot be run: {e.Message}";
        }
    }
}
