namespace Rabbit.Client.Systemd;

/// <summary>Where a service is kept, and how its manager is told.</summary>
/// <param name="Name">Of the unit, without its suffix.</param>
/// <param name="IsSystem">True for the system's manager, false for the account's.</param>
internal sealed record ServicePlace(string Name, bool IsSystem)
{
    /// <summary>The beginning of each name, by which <c>status</c> finds the services of the system.</summary>
    public const string Prefix = "tunnel-client";

    /// <summary>The unit's name with its suffix.</summary>
    public string Unit => $"{Name}.service";

    /// <summary>Where the unit is written.</summary>
    public string UnitPath => Path.Combine(
        IsSystem ? "/etc/systemd/system" : Path.Combine(Path.GetDirectoryName(ClientDirectories.Configuration)!, "systemd", "user"), Unit);

    /// <summary>True where its manager runs (sd_booted(3)).</summary>
    public bool IsManaged => IsSystem
        ? Directory.Exists("/run/systemd/system")
        : Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } runtime && Directory.Exists(Path.Combine(runtime, "systemd"));

    /// <summary>The command that tells its manager something, as people type it.</summary>
    public string Command(string what) => $"systemctl {(IsSystem ? "" : "--user ")}{what}";

    /// <param name="suffix">What tells it from others of this machine, or null.</param>
    /// <param name="isSystem">True for the system's manager.</param>
    public static ServicePlace For(string? suffix, bool isSystem) => new(suffix is null ? Prefix : $"{Prefix}-{suffix}", isSystem);
}
