using System.Text.RegularExpressions;
using Rabbit.Protocol.Credentials;
using Xunit;

namespace Rabbit.Tests.Support;

/// <summary>A running <c>rabbit server</c>.</summary>
internal sealed partial class RabbitProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private readonly Installation _installation;
    private AdminApi? _api;

    /// <param name="installation">Where it runs.</param>
    /// <param name="launcher">A program with arguments that becomes the server, or empty.</param>
    /// <param name="environment">Variables beside this process's.</param>
    /// <param name="more">Arguments beside the installation's.</param>
    public RabbitProcess(
        Installation installation, IReadOnlyList<string> launcher, IReadOnlyDictionary<string, string> environment, params string[] more)
    {
        _installation = installation;
        string[] command = [.. launcher, Programs.Rabbit, .. installation.Arguments(), .. more];
        Process = RunningProcess.Start("rabbit server", command[0], command[1..], environment);
    }

    public RunningProcess Process { get; }

    public int ControlPort => _installation.ControlPort;

    /// <summary>The admin key of its data directory.</summary>
    public Task<string> ReadAdminKeyAsync() => File.ReadAllTextAsync(DataFile("admin.key"), TestContext.Current.CancellationToken);

    /// <summary>The API with the admin key; there once the server listens.</summary>
    public AdminApi Api => _api ?? throw new InvalidOperationException("The server does not listen yet.");

    /// <param name="from">Only what it has written since this mark counts, where it is started more than once.</param>
    public async Task WaitUntilListeningAsync(int from = 0)
    {
        await Process.WaitForLineAsync($"Control port listening on {_installation.Bind}:{ControlPort}", StartTimeout, from);
        Match api = await Process.WaitForLineAsync(ApiLine(), StartTimeout, from);
        _api?.Dispose();
        string key = await ReadAdminKeyAsync();
        _api = new AdminApi(new Uri($"{api.Groups["scheme"]}://127.0.0.1{api.Groups["port"]}"), key.Trim(), _installation.MakeApiSocket);
    }

    /// <summary>The connection string and tunnel port that the first start of an installation prints.</summary>
    public async Task<(string ConnectionString, int Port)> ReadFirstStepsAsync()
    {
        Match client = await Process.WaitForLineAsync(ClientLine(), StartTimeout);
        Match visitors = await Process.WaitForLineAsync(VisitorsLine(), StartTimeout);
        return ((ConnectionUri.Parse(client.Groups["uri"].Value) with { Token = client.Groups["token"].Value }).Reveal(), int.Parse(visitors.Groups["port"].Value, null));
    }

    /// <summary>The server's process where <see cref="Process"/> is the service manager that started it last.</summary>
    public async Task<int> ReadManagedIdAsync()
    {
        int mark = Process.Lines.Select((line, number) => (line, number)).Last(one => StartedLine().IsMatch(one.line)).number;
        Match started = await Process.WaitForLineAsync(StartedLine(), StartTimeout, mark);
        return int.Parse(started.Groups["pid"].Value, null);
    }

    /// <summary>A new token with a tunnel port of its own.</summary>
    public Task<TestToken> CreateTokenAsync() => Api.CreateTokenAsync();

    /// <summary>What to give tunnel-client for a token of this server, which it reaches by this host.</summary>
    public async Task<string> ConnectionStringAsync(TestToken token, string host = "localhost")
    {
        string pem = await File.ReadAllTextAsync(DataFile("tls/cert.pem"), TestContext.Current.CancellationToken);
        using var certificate = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(pem);
        return new ConnectionUri(token.Text, host, ControlPort, CertificateFingerprint.Of(certificate), Plaintext: false).Reveal();
    }

    // Or as the server sees it, which may have a file system of its own there.
    private string DataFile(string name)
    {
        string file = Path.Combine(_installation.Data, name);
        return File.Exists(file) ? file : $"/proc/{Process.Id}/root{file}";
    }

    public async ValueTask DisposeAsync()
    {
        _api?.Dispose();
        await Process.DisposeAsync();
    }

    [GeneratedRegex(@"API listening on (?<scheme>https?)://(?:127\.0\.0\.1|0\.0\.0\.0)(?<port>:\d+)")]
    private static partial Regex ApiLine();

    [GeneratedRegex(@"^RABBIT_TOKEN=(?<token>rbt_\w+) \S+tunnel-client connect '(?<uri>rabbit://[^']+)' --local-port \d+$")]
    private static partial Regex ClientLine();

    [GeneratedRegex(@"manager: started (?<pid>\d+) with \d+ descriptors")]
    private static partial Regex StartedLine();

    [GeneratedRegex(@"curl http://[^:/]+:(?<port>\d+)/$")]
    private static partial Regex VisitorsLine();
}
