using System.Runtime.CompilerServices;
using System.Text;
using Rabbit.Client.Configuration;

namespace Rabbit.Client.Systemd;

/// <summary>The text of the unit by which systemd runs this program (systemd.service(5), systemd.exec(5)).</summary>
internal static class UnitFile
{
    // What a program needs that opens connections and reads a few files, and not more; for every manager.
    private static readonly string[] Hardening =
    [
        "NoNewPrivileges=yes", "LockPersonality=yes", "RestrictRealtime=yes", "RestrictSUIDSGID=yes", "RestrictNamespaces=yes",
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX", "SystemCallArchitectures=native", "SystemCallFilter=@system-service",
        "SystemCallFilter=~@privileged @resources", "SystemCallErrorNumber=EPERM", "UMask=0077",
    ];

    // What only the system's manager can do.
    private static readonly string[] SystemHardening =
    [
        "CapabilityBoundingSet=", "AmbientCapabilities=", "ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes", "PrivateDevices=yes", "DevicePolicy=closed",
        "PrivateUsers=yes", "ProtectHostname=yes", "ProtectClock=yes", "ProtectKernelTunables=yes", "ProtectKernelModules=yes", "ProtectKernelLogs=yes",
        "ProtectControlGroups=yes", "ProtectProc=invisible", "RemoveIPC=yes", "KeyringMode=private",
    ];

    /// <param name="name">Of the unit, without its suffix.</param>
    /// <param name="isSystem">True for the system's manager, false for the account's.</param>
    /// <param name="program">Path of this program.</param>
    /// <param name="file">Path of the tunnels' file.</param>
    /// <param name="credentials">Files that systemd reads for the service, which may not.</param>
    public static string Write(string name, bool isSystem, string program, string file, IReadOnlyCollection<ServiceCredential> credentials)
    {
        var unit = new StringBuilder();
        void Add(params string[] lines) => unit.AppendJoin('\n', lines).Append('\n');

        Add("# Written by 'tunnel-client install', which also writes it anew; changes belong into a drop-in: systemctl edit " + name, "[Unit]", "Description=Rabbit tunnel client");
        if (isSystem)
            Add("Wants=network-online.target", "After=network-online.target");
        Add("", "[Service]", "Type=notify", $"ExecStart={Quote(program)} run {Quote(file)} --log-format text", "ExecReload=/bin/kill -HUP $MAINPID");
        // A wrong file is status 2: starting again does not make it right.
        Add("Restart=always", "RestartSec=5", "RestartPreventExitStatus=2", "TimeoutStopSec=15", "LimitNOFILE=65536");
        if (isSystem)
        {
            Add("DynamicUser=yes", $"RuntimeDirectory={name}", "RuntimeDirectoryMode=0700", $"StateDirectory={name}", "StateDirectoryMode=0700", $"Environment=XDG_CONFIG_HOME=%S/{name}");
            Add([.. credentials.Select(credential => $"LoadCredential={credential.Name}:{Escape(credential.Path)}")]);
        }
        Add("", "# Hardening: see 'systemd-analyze security " + name + "'.");
        Add(Hardening);
        if (isSystem)
            Add(SystemHardening);
        // A just-in-time compiler writes code and runs it; what was compiled ahead of time does not.
        if (!RuntimeFeature.IsDynamicCodeCompiled)
            Add("MemoryDenyWriteExecute=yes");
        Add("", "[Install]", $"WantedBy={(isSystem ? "multi-user.target" : "default.target")}");
        return unit.ToString();
    }

    // systemd.service(5), "Command lines": quotation marks, and % and $ twice.
    private static string Quote(string path)
    {
        string escaped = Escape(path).Replace("$", "$$", StringComparison.Ordinal);
        return escaped.All(c => char.IsAsciiLetterOrDigit(c) || "/._-+@:,=%$".Contains(c, StringComparison.Ordinal))
            ? escaped
            : $"\"{escaped.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
    }

    private static string Escape(string path) => path.Replace("%", "%%", StringComparison.Ordinal);
}
