namespace Rabbit.Client.Configuration;

/// <summary>A file of a tunnel that a service gets from systemd, since it may not read the file itself.</summary>
/// <param name="Name">What the service knows it by.</param>
/// <param name="Path">The file.</param>
internal sealed record ServiceCredential(string Name, string Path)
{
    /// <summary>The settings that name such files.</summary>
    public static readonly string[] Keys = ["token_file", "ca", "certificate", "certificate_key"];

    /// <summary>What the file of a tunnel's setting is known by.</summary>
    public static string NameOf(string tunnel, string key) => $"{tunnel}.{key}";
}
