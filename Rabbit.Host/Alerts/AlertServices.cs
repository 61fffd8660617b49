using Rabbit.Tunneling;

namespace Rabbit.Host.Alerts;

/// <summary>Registers what alerts need; without a receiver they do nothing.</summary>
internal static class AlertServices
{
    public static void AddRabbitAlerts(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<AlertOptions>().Bind(configuration.GetSection(TunnelingOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<AlertSettings>();
        services.AddSingleton<AlertMetrics>();
        services.AddSingleton<AlertSender>();
        services.AddSingleton<AlertQueue>();
        services.AddHostedService<AlertWatch>();
        services.AddHostedService<AlertPost>();
    }
}
