using System.Net;
using System.Net.Security;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Rabbit.Host.Alerts;
using Rabbit.Host.Api;
using Rabbit.Host.Dashboard;
using Rabbit.Host.Handover;
using Rabbit.Host.Shutdown;
using Rabbit.Host.Systemd;
using Rabbit.Host.Telemetry;
using Rabbit.Host.Tls;
using Rabbit.Persistence;
using Rabbit.Protocol.Tls;
using Rabbit.Tunneling;
using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.Handover;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Host.Startup;

/// <summary>Composes the server.</summary>
internal static class RabbitServer
{
    /// <summary>A server that is ready to run.</summary>
    /// <param name="configuration">From <see cref="RabbitConfiguration"/>.</param>
    /// <param name="descriptors">Kept since the process began.</param>
    /// <exception cref="IOException">The data directory cannot be written.</exception>
    public static WebApplication Build(IConfigurationRoot configuration, DescriptorReserve descriptors)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddConfiguration(configuration);
        builder.Configuration.Sources.Add(new TelemetryEnvironment());
        IConfigurationSection section = builder.Configuration.GetSection(TunnelingOptions.Section);
        AddLogging(builder.Logging);

        builder.Services.AddOptions<TunnelingOptions>().Bind(section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddOptions<PersistenceOptions>().Bind(section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddOptions<ApiOptions>().Bind(section).ValidateDataAnnotations().ValidateOnStart();
        // Departure says how long a stop may take, and HardEnd sees to it.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = Timeout.InfiniteTimeSpan);
        builder.Services.AddSingleton<IHostLifetime, StopSignals>();

        // Before Kestrel is made, which needs the certificate that is kept there.
        string data = section["Data"]!;
        DataDirectory.Make(data);
        DataDirectory.Make(DataDirectory.ProtectionKeys(data));
        DataDirectory.CloseSecrets(data);

        // Hosted services start in this order, and the state is up before any other endpoint is bound than the tunnels'.
        builder.Services.AddSingleton<ServiceManager>();
        builder.Services.AddSingleton<IListenerParking>(provider => provider.GetRequiredService<ServiceManager>());
        builder.Services.AddSingleton(Takeover.Read(configuration));
        builder.Services.AddSingleton<Successor>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<Successor>());
        builder.Services.AddRabbitPersistence(section["Redis"] ?? "", isNode: section[nameof(TunnelingOptions.ClusterBind)] is { Length: > 0 });
        builder.Services.AddSingleton<FirstRun>();
        builder.Services.AddSingleton<TlsMaterial>();
        builder.Services.AddSingleton<ITlsMaterial>(provider => provider.GetRequiredService<TlsMaterial>());
        builder.Services.AddSingleton<NodeMaterial>();
        builder.Services.AddSingleton<INodeMaterial>(provider => provider.GetRequiredService<NodeMaterial>());
        builder.Services.AddSingleton<StateStart>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<StateStart>());
        builder.Services.AddSingleton(descriptors);
        builder.Services.AddRabbitTunneling();
        builder.Services.AddHostedService<TlsReload>();
        builder.Services.AddSingleton<ClientUris>();
        builder.Services.AddHostedService<Welcome>();
        builder.Services.AddHostedService<Predecessor>();
        builder.Services.AddHostedService<ServiceState>();
        builder.Services.AddHostedService<ApiEnd>();
        builder.Services.AddDataProtection().SetApplicationName("rabbit").PersistKeysToFileSystem(new DirectoryInfo(DataDirectory.ProtectionKeys(data)));
        builder.Services.AddRabbitApi();
        builder.Services.AddRabbitDashboard();
        builder.Services.AddRabbitAlerts(builder.Configuration);
        builder.AddRabbitTelemetry();

        // The files of a build that was not published are where they were built from.
        builder.WebHost.UseStaticWebAssets();
        builder.WebHost.UseKestrelCore();
        builder.Services.AddSingleton<ApiListenerFactory>();
        builder.Services.AddSingleton<IConnectionListenerFactory>(provider => provider.GetRequiredService<ApiListenerFactory>());
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            ApiOptions api = kestrel.ApplicationServices.GetRequiredService<IOptions<ApiOptions>>().Value;
            ITlsMaterial tls = kestrel.ApplicationServices.GetRequiredService<ITlsMaterial>();
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 64 * 1024;
            kestrel.Listen(IPAddress.Parse(api.ApiBind), api.ApiPort, listen =>
            {
                if (api.IsSecure())
                {
                    listen.UseHttps(new TlsHandshakeCallbackOptions
                    {
                        OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
                        {
                            ServerCertificateContext = tls.Certificate,
                            EnabledSslProtocols = TlsVersions.Allowed,
                        }),
                    });
                }
            });
        });

        WebApplication server = builder.Build();
        server.MapRabbitApi();
        server.MapRabbitDashboard();
        server.MapMetrics();
        return server;
    }

    private static void AddLogging(ILoggingBuilder logging)
    {
        logging.ClearProviders();
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        });
        // Where the output goes to the journal (systemd.exec(5)), which has times of its own, and wants levels.
        if (Environment.GetEnvironmentVariable("JOURNAL_STREAM") is { Length: > 0 })
            logging.AddSystemdConsole();
        logging.SetMinimumLevel(LogLevel.Information);
        logging.AddFilter("Microsoft", LogLevel.Warning);
        // The data directory, where its keys are, is this account's alone already.
        logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        // A request without a valid key is answered with what to do.
        logging.AddFilter(typeof(Api.Access.ApiKeyAuthentication).FullName, LogLevel.Warning);
        // Failures to start are told by the command, in one sentence; a background service that breaks is critical.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
    }
}
