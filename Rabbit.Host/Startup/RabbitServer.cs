using System.Net;
using System.Net.Security;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Rabbit.Host.Alerts;
using Rabbit.Host.Api;
using Rabbit.Host.Dashboard;
using Rabbit.Host.Telemetry;
using Rabbit.Host.Tls;
using Rabbit.Persistence;
using Rabbit.Protocol.Tls;
using Rabbit.Tunneling;

namespace Rabbit.Host.Startup;

/// <summary>Composes the server.</summary>
internal static class RabbitServer
{
    private static readonly TimeSpan AfterDrain = TimeSpan.FromSeconds(2);

    /// <summary>A server that is ready to run.</summary>
    /// <param name="configuration">From <see cref="RabbitConfiguration"/>.</param>
    /// <exception cref="IOException">The data directory cannot be written.</exception>
    public static WebApplication Build(IConfigurationRoot configuration)
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
        builder.Services.AddOptions<HostOptions>().Configure<IOptions<TunnelingOptions>>(
            (host, tunneling) => host.ShutdownTimeout = tunneling.Value.DrainLimit + AfterDrain);

        // Before Kestrel is made, which needs the certificate that is kept there.
        string data = section["Data"]!;
        DataDirectory.Make(data);
        DataDirectory.Make(DataDirectory.ProtectionKeys(data));
        DataDirectory.CloseSecrets(data);

        // Hosted services start in this order, and the state is up before any other endpoint is bound than the tunnels'.
        builder.Services.AddSystemd();
        builder.Services.AddRabbitPersistence(section["Redis"] ?? "");
        builder.Services.AddSingleton<FirstRun>();
        builder.Services.AddSingleton<TlsMaterial>();
        builder.Services.AddSingleton<ITlsMaterial>(provider => provider.GetRequiredService<TlsMaterial>());
        builder.Services.AddSingleton<StateStart>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<StateStart>());
        builder.Services.AddRabbitTunneling();
        builder.Services.AddHostedService<TlsReload>();
        builder.Services.AddSingleton<ClientUris>();
        builder.Services.AddHostedService<Welcome>();
        builder.Services.AddDataProtection().SetApplicationName("rabbit").PersistKeysToFileSystem(new DirectoryInfo(DataDirectory.ProtectionKeys(data)));
        builder.Services.AddRabbitApi();
        builder.Services.AddRabbitDashboard();
        builder.Services.AddRabbitAlerts(builder.Configuration);
        builder.AddRabbitTelemetry();

        // The files of a build that was not published are where they were built from.
        builder.WebHost.UseStaticWebAssets();
        builder.WebHost.UseKestrelCore();
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
