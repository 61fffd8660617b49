using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Rabbit.Persistence;
using Rabbit.Persistence.Management;
using Rabbit.Tunneling.ControlPort;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Startup;

/// <summary>
/// Once everything listens: says where, and on the first run, as soon as there is a database, which command connects a client.
/// </summary>
internal sealed partial class Welcome(
    StateStart state, FirstRun firstRun, IServer server, ControlPortAddress controlPort, ClientUris uris,
    IOptions<PersistenceOptions> persistence, ILogger<Welcome> logger) : IHostedLifecycleService
{
    private const int ExampleLocalPort = 3000;

    private Task _greeting = Task.CompletedTask;

    /// <inheritdoc/>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        bool isUp = state.Completed.IsCompleted;
        CreatedToken? first = isUp ? await firstRun.MakeTokenAsync(cancellationToken) : null;
        LogControlPort(controlPort.Bound);
        LogApi(Api());
        if (isUp)
            Greet(first);
        else
            _greeting = GreetLaterAsync();
    }

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => _greeting;

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // One write, so that log lines do not get in between.
    private void Greet(CreatedToken? first) =>
        Console.Write(first is null ? Greeting(Api()) : Greeting(Api()) + FirstSteps(first));

    private async Task GreetLaterAsync()
    {
        try
        {
            await state.Completed;
            Greet(await firstRun.MakeTokenAsync(CancellationToken.None));
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
        catch (StoreUnavailableException e)
        {
            LogNoFirstToken(e.Message);
        }
    }

    private string Api() => server.Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First();

    private string Greeting(string api)
    {
        string file = DataDirectory.AdminKeyFile(persistence.Value.Data);
        string key = File.Exists(file) ? $"admin key in {file}" : $"needs this database's admin key, which is not in {file}";
        return $"\n  Dashboard  {api}/dashboard  ({key})\n  API        {api}/swagger\n";
    }

    private string FirstSteps(CreatedToken first)
    {
        string host = uris.Host("localhost");
        return $"""
              Client     run this where your service is; the token is shown this once:

            {ConnectCommand.For(uris.For(first.Text, "localhost"), ExampleLocalPort, isLocal: true)}

              Visitors   curl http://{(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}:{first.Token.Port}/


            """;
    }

    [LoggerMessage(EventIds.FirstTokenFailed, LogLevel.Warning, "No first token was made ({Reason}); make one through the API")]
    private partial void LogNoFirstToken(string reason);

    [LoggerMessage(EventIds.ControlPortListening, LogLevel.Information, "Control port listening on {Address}")]
    private partial void LogControlPort(IPEndPoint address);

    [LoggerMessage(EventIds.ApiListening, LogLevel.Information, "API listening on {Address}")]
    private partial void LogApi(string address);
}
