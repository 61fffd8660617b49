using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using Rabbit.Client.Connection;
using Rabbit.Client.Status.Sharing;
using Rabbit.Protocol;
using Rabbit.Protocol.Systemd;
using Rabbit.Tunneling;
using Xunit;

namespace Rabbit.Tests.Security;

/// <summary>
/// Nobody is dialled because a peer says so: the code that talks with peers holds no call that opens a connection, but for those of the
/// client to its server, to the nodes that its authenticated server has named with their certificates, and to its local service; that of a node to
/// the nodes of its cluster, whose addresses are in the operator's Redis; and two to unix sockets of the own machine: the service manager's,
/// named in the environment, and the one at which a client tells its account how it is.
/// </summary>
public sealed class WhoIsDialledTests
{
    private static readonly string[] ConnectingTypes = [nameof(TcpClient), nameof(UdpClient), nameof(HttpClient), nameof(Dns), "ClientWebSocket"];

    [Fact]
    public void Server_InWhatTalksWithPeers_DialsNobodyButTheNodesOfItsCluster()
    {
        Assert.Equal([nameof(Rabbit.Tunneling.Cluster.NodeDialer)], FindDialling(typeof(TunnelingOptions).Assembly).Distinct());
        Assert.Equal([nameof(NotifySocket)], FindDialling(typeof(Preamble).Assembly).Distinct());
    }

    [Fact]
    public void Client_DialsItsServerAndItsLocalService_AndNobodyElse() =>
        Assert.Equal([nameof(LocalService), nameof(ServerAddress), nameof(ServerDialer), nameof(StatusQuery)], FindDialling(typeof(LocalService).Assembly).Distinct().Order(StringComparer.Ordinal));

    /// <summary>The types, by the name of the outermost, whose methods call something that opens a connection or looks up a name.</summary>
    private static List<string> FindDialling(Assembly assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly.Location));
        MetadataReader metadata = file.GetMetadataReader();
        var dialling = new HashSet<int>();
        foreach (MemberReferenceHandle handle in metadata.MemberReferences)
        {
            MemberReference member = metadata.GetMemberReference(handle);
            if (member.Parent.Kind == HandleKind.TypeReference
                && Dials(metadata.GetString(metadata.GetTypeReference((TypeReferenceHandle)member.Parent).Name), metadata.GetString(member.Name)))
            {
                dialling.Add(MetadataTokens.GetToken(handle));
            }
        }
        return [.. metadata.MethodDefinitions.Select(metadata.GetMethodDefinition)
            .Where(method => method.RelativeVirtualAddress != 0 && Mentions(file.GetMethodBody(method.RelativeVirtualAddress).GetILBytes()!, dialling))
            .Select(method => OutermostOf(metadata, method.GetDeclaringType()))];
    }

    private static bool Dials(string type, string member) =>
        ConnectingTypes.Contains(type) || (type == nameof(Socket) && (member.Contains("Connect", StringComparison.Ordinal) && !member.StartsWith("get_", StringComparison.Ordinal) || member.StartsWith("SendTo", StringComparison.Ordinal)));

    // A token is looked for at every byte: what looks like one by chance would fail the test, none is overlooked.
    private static bool Mentions(byte[] code, HashSet<int> tokens) =>
        Enumerable.Range(0, Math.Max(0, code.Length - 3)).Any(at => tokens.Contains(BitConverter.ToInt32(code, at)));

    private static string OutermostOf(MetadataReader metadata, TypeDefinitionHandle handle)
    {
        TypeDefinition type = metadata.GetTypeDefinition(handle);
        while (!type.GetDeclaringType().IsNil)
            type = metadata.GetTypeDefinition(type.GetDeclaringType());
        return metadata.GetString(type.Name);
    }
}
