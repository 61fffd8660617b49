using System.CommandLine;
using Rabbit.Host.Tls;

namespace Rabbit.Host.Commands;

/// <summary><c>rabbit cluster certificate</c>: makes what the nodes of a cluster know each other by.</summary>
internal static class ClusterCertificateCommand
{
    public static Command Create()
    {
        var directory = new Argument<string>("DIR") { Description = "Where the authority is, or is to be made, and the certificates go." };
        var nodes = new Option<string[]>("--node")
        {
            Required = true,
            AllowMultipleArgumentsPerToken = true,
            Description = "Name of a node, as its --node says; more than one may be given.",
        };
        var command = new Command("certificate", "Makes the nodes' certificates, and their authority where there is none: ca.pem, and NODE.pem and NODE.key for each node.") { directory, nodes };
        command.SetAction(parsed => Make(parsed.GetRequiredValue(directory), parsed.GetRequiredValue(nodes)));
        return command;
    }

    private static int Make(string directory, string[] nodes)
    {
        if (directory.Length == 0)
            return RabbitCommand.Fail(ExitCode.Usage, "DIR must not be empty.");
        if (nodes.FirstOrDefault(node => !NodeAuthority.IsName(node)) is { } wrong)
            return RabbitCommand.Fail(ExitCode.Usage, $"--node must be a name of up to 63 letters, digits, '-', '.' and '_', other than 'ca', not '{wrong}'.");
        // Before anything is made.
        if (nodes.Select(node => NodeAuthority.KeyFileOf(directory, node)).FirstOrDefault(File.Exists) is { } there)
            return RabbitCommand.Fail(ExitCode.Failure, $"{there} is there already; take it away, and its certificate, to have new ones made.");
        try
        {
            using var authority = NodeAuthority.OpenOrMake(directory, TimeProvider.System.GetUtcNow());
            foreach (string node in nodes.Distinct(StringComparer.Ordinal))
                Console.WriteLine($"Made {authority.Issue(node)} for node {node}.");
            return ExitCode.Ok;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            return RabbitCommand.Fail(ExitCode.Failure, $"The certificates cannot be made in {directory}: {e.Message}");
        }
    }
}
