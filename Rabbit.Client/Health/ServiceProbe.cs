using System.Net;
using System.Net.Sockets;
using Rabbit.Client.Connection;
using Rabbit.Client.Health.Questions;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Proxy;
using Rabbit.Protocol.Transport;

namespace Rabbit.Client.Health;

/// <summary>Asks the local service once, on a connection of its own, whether it works.</summary>
internal sealed class ServiceProbe
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(1);

    private readonly LocalService _service;
    private readonly TimeProvider _time;
    private readonly IServiceQuestion? _question;
    private readonly bool _isCautious;

    private ServiceProbe(LocalService service, TimeProvider time, IServiceQuestion? question, bool isCautious)
    {
        _service = service;
        _time = time;
        _question = question;
        _isCautious = isCautious;
    }

    /// <summary>
    /// True when asking often may do harm: a service on another machine that may be a MySQL, and nobody has asked for it to be probed.
    /// MySQL shuts out a machine from which a hundred connections in a row have not logged in. Known after the first probe.
    /// </summary>
    public bool IsToBeSpared { get; private set; }

    /// <summary>The probe that the options ask for; null for none.</summary>
    public static ServiceProbe? Create(LocalService service, HealthOptions options, DeclaredService declared, TimeProvider time)
    {
        ProbeKind kind = options.Kind;
        if (kind == ProbeKind.Declared)
        {
            kind = declared switch
            {
                DeclaredService.Postgres => ProbeKind.Postgres,
                DeclaredService.MySql => ProbeKind.MySql,
                DeclaredService.Redis => ProbeKind.Redis,
                DeclaredService.Http => ProbeKind.Http,
                DeclaredService.Ssh => ProbeKind.Ssh,
                _ => ProbeKind.Tcp,
            };
        }
        IServiceQuestion? question = kind switch
        {
            ProbeKind.Http => new HttpQuestion(service.Options, options.Path),
            ProbeKind.Postgres => new PostgresQuestion(),
            ProbeKind.MySql => new MySqlQuestion(),
            ProbeKind.Redis => new RedisQuestion(),
            ProbeKind.Ssh => new SshQuestion(),
            _ => null,
        };
        bool isCautious = options.Kind == ProbeKind.Declared && kind is ProbeKind.Tcp or ProbeKind.MySql;
        return kind == ProbeKind.None ? null : new ServiceProbe(service, time, question, isCautious);
    }

    /// <summary>How the service is; unknown when the client itself is in trouble.</summary>
    public async Task<ServiceHealth> RunAsync(CancellationToken cancellationToken)
    {
        var (connection, refused) = await _service.ConnectAsync(cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        if (connection is null)
            return refused.Reason == RefusedReason.ClientBusy ? default : new ServiceHealth(ServiceState.Down, refused.Sentence);
        await using (connection)
        {
            IsToBeSpared = _isCautious && connection.Socket.RemoteEndPoint is IPEndPoint remote && !IPAddress.IsLoopback(remote.Address);
            string? wrong = await AskAsync(connection, cancellationToken);
            return wrong is null ? new ServiceHealth(ServiceState.Up, "") : new ServiceHealth(ServiceState.Down, $"{_service.Options.Local} {wrong}");
        }
    }

    private async Task<string?> AskAsync(RelayEnd connection, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(AnswerTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            // A service that is told its visitors' addresses expects such a header of everybody; this one names nobody.
            if (_service.Options.ProxyProtocol is { } version)
                await connection.SendAsync(default(ProxyHeader).Encode(version), either.Token);
            string? wrong = _question is null ? null : await _question.AskAsync(connection, either.Token);
            using var goodbye = new CancellationTokenSource(GoodbyeTimeout, _time);
            await connection.LingerAsync(goodbye.Token); // Services log connections that are reset.
            return wrong;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"accepts connections, but has not answered for {AnswerTimeout.TotalSeconds:0} s";
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            return "breaks the connection off";
        }
    }
}
