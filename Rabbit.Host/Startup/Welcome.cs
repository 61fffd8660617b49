using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Rabbit.Persistence;
using Rabbit.Persistence.Management;
using Rabbit.Protocol.Credentials;
using Rabbit.Tunneling;
using Rabbit.Tunneling.ControlPort;

namespace Rabbit.Host.Startup;

/// <summary>Once everything listens: says where, and on the first run which command connects a client.</summary>
internal sealed partial class Welcome(
    FirstRun firstRun, IServer server, ControlPortAddress controlPort, IServerCertificate certificate,
    IOptions<TunnelingOptions> tunneling, IOptions<PersistenceOptions> persistence, IHostApplicationLifetime lifetime,
    ILogger<Welcome> logger) : IHostedService
{
    private const string ExampleLocalPort = "3000";

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStarted.Register(Print);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Print()
    {
        IPEndPoint control = controlPort.Bound;
        string api = server.Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First();
        LogControlPort(control);
        LogApi(api);

        // One write, so that log lines do not get in between.
        Console.Write(firstRun.FirstToken is { } first ? Greeting(api) + FirstSteps(first, control) : Greeting(api));
    }

    private string Greeting(string api)
    {
        string file = DataDirectory.AdminKeyFile(persistence.Value.Data);
        string key = File.Exists(file) ? $"admin key in {file}" : $"needs this database's admin key, which is not in {file}";
        return $"\n  API        {api}/swagger  ({key})\n";
    }

    private string FirstSteps(CreatedToken first, IPEndPoint control)
    {
        string host = HostFromHere(control.Address);
        var uri = new ConnectionUri(first.Text.Reveal(), host, control.Port, CertificateFingerprint.Of(certificate.Current), Plaintext: false);
        return $"""
              Client     run this where your service is; the token is shown this once:

            {ClientProgram.Command()} connect '{uri.Reveal()}' --local-port {ExampleLocalPort}

              Visitors   curl http://{(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}:{first.Token.Port}/


            """;
    }

    private string HostFromHere(IPAddress bound)
    {
        if (tunneling.Value.PublicHost.Length > 0)
            return tunneling.Value.PublicHost;
        return bound.Equals(IPAddress.Any) || bound.Equals(IPAddress.IPv6Any) || bound.Equals(IPAddress.Loopback) || bound.Equals(IPAddress.IPv6Loopback)
            ? "localhost"
            : bound.ToString();
    }

    [LoggerMessage(EventIds.ControlPortListening, LogLevel.Information, "Control port listening on {Address}")]
    private partial void LogControlPort(IPEndPoint address);

    [LoggerMessage(EventIds.ApiListening, LogLevel.Information, "API listening on {Address}")]
    private partial void LogApi(string address);
}
