using System.Reflection;

namespace Rabbit.Client;

/// <summary>This program's version.</summary>
internal static class ClientVersion
{
    /// <summary>Without what the build appends to it.</summary>
    public static string Text { get; } =
        typeof(ClientVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";
}
