using Microsoft.Extensions.DependencyInjection;
using Rabbit.Tunneling.Cluster;

namespace Rabbit.Persistence.Cluster;

/// <summary>Registers what makes a server a node of a cluster.</summary>
internal static class ClusterServices
{
    /// <summary>Adds the shared directory and the duties; to be followed by their hosted services.</summary>
    public static void AddCluster(this IServiceCollection services)
    {
        services.AddSingleton<EpochStore>();
        services.AddSingleton<RouteStore>();
        services.AddSingleton<ClusterMetrics>();
        services.AddSingleton<SharedDirectory>();
        services.AddSingleton<ITunnelDirectory>(provider => provider.GetRequiredService<SharedDirectory>());
        services.AddSingleton<PostgresDuties>();
        services.AddSingleton<IDuties>(provider => provider.GetRequiredService<PostgresDuties>());
    }

    /// <summary>Starts them, behind the stores that they use.</summary>
    public static void AddClusterHosting(this IServiceCollection services)
    {
        services.AddHostedService(provider => provider.GetRequiredService<SharedDirectory>());
        services.AddHostedService(provider => provider.GetRequiredService<PostgresDuties>());
    }
}
