using Rabbit.Host.Api.Answers;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Dashboard.Parts;

/// <summary>The words of enumerations, as the API and the command line have them.</summary>
internal static class Words
{
    public static string Of(ConnectionStatus status) => EnumText<ConnectionStatus>.Of(status);

    public static string Of(ServiceKind kind) => EnumText<ServiceKind>.Of(kind);

    public static string Of(TunnelHealth health) => health switch
    {
        TunnelHealth.Ok => "the service works",
        TunnelHealth.ServiceDown => "the service is down",
        TunnelHealth.ClientOffline => "the client is away",
        _ => "not known",
    };

    public static string Of(Persistence.Management.TokenState state) => EnumText<Persistence.Management.TokenState>.Of(state);
}
