using System.CommandLine;

namespace Rabbit.Host.Commands;

/// <summary><c>rabbit cluster</c>: several servers that act as one.</summary>
internal static class ClusterCommand
{
    public static Command Create() => new("cluster", "Several servers that act as one (docs/cluster.md).") { ClusterCertificateCommand.Create() };
}
