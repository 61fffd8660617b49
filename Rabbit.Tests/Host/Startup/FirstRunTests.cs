using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Model;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Host.Startup;

/// <summary>What the first start of an installation makes, for whom, and only then.</summary>
[SupportedOSPlatform("linux")]
public sealed class FirstRunTests
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    [Trait("Property", "P04")]
    public async Task SecondStart_SameDatabase_MakesNothingMore(Engine engine)
    {
        await using Installation installation = await Installation.CreateAsync(engine);
        RabbitProcess first = await installation.StartAsync();
        var (_, port) = await first.ReadFirstStepsAsync();
        Assert.Equal(installation.FirstTunnelPort, port);
        Assert.Single(first.Process.Lines, line => line.Contains("rbt_", StringComparison.Ordinal));
        string key = await ReadKeyAsync(installation);
        string teams = (await first.Api.GetAsync("teams")).GetRawText();
        await first.Process.Kill9Async();

        RabbitProcess second = await installation.StartAsync();
        await second.Process.WaitForLineAsync("/swagger", Soon);
        Assert.Equal(key, await ReadKeyAsync(installation));
        Assert.Equal(teams, (await second.Api.GetAsync("teams")).GetRawText());
        second.Process.Send(Signal.Term);
        Assert.Equal(0, await second.Process.WaitForExitAsync(Soon));
        Assert.DoesNotContain(second.Process.Lines, line => line.Contains("rbt_", StringComparison.Ordinal));
        await using RabbitDbContext database = installation.OpenDatabase();
        Assert.Equal((1, 1, 1), (
            await database.Teams.CountAsync(Cancellation), await database.Tokens.CountAsync(Cancellation), await database.ApiKeys.CountAsync(Cancellation)));
    }

    [Fact]
    public async Task FirstStart_ControlPortInUse_LeavesTheTokenToTheNext()
    {
        await using Installation installation = await Installation.CreateAsync();
        using (var occupier = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            occupier.Bind(new IPEndPoint(IPAddress.Loopback, installation.ControlPort));
            occupier.Listen();
            using var start = new FailedStart();
            await start.RunAsync(1, [.. installation.Arguments()]);
        }

        RabbitProcess server = await installation.StartAsync();
        var (_, port) = await server.ReadFirstStepsAsync();
        JsonElement team = Assert.Single((await server.Api.GetAsync("teams")).GetProperty("data").EnumerateArray());
        Assert.Equal(port, Assert.Single(team.GetProperty("tokens").EnumerateArray()).GetProperty("port").GetInt32());
    }

    [Fact]
    public async Task AdminKeyFile_ThereOnANewDatabase_IsUsed()
    {
        await using Installation before = await Installation.CreateAsync();
        await (await before.StartAsync()).Process.Kill9Async();
        await using Installation after = await Installation.CreateAsync();
        string file = Path.Combine(after.Data, "admin.key");
        File.Copy(Path.Combine(before.Data, "admin.key"), file);

        RabbitProcess server = await after.StartAsync();
        Assert.Equal(await ReadKeyAsync(before), await ReadKeyAsync(after));
        Assert.True((await server.Api.GetAsync("teams")).GetProperty("success").GetBoolean());
    }

    [Fact]
    public async Task AdminKeyFile_HoldsSomethingElse_IsReplacedByOneForThisAccountOnly()
    {
        await using Installation installation = await Installation.CreateAsync();
        string file = Path.Combine(installation.Data, "admin.key");
        await File.WriteAllTextAsync(file, "nonsense", Cancellation);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);

        RabbitProcess server = await installation.StartAsync();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.True((await server.Api.GetAsync("teams")).GetProperty("success").GetBoolean());
    }

    [Fact]
    [Trait("Property", "P05")]
    public async Task DataDirectory_WithTheWidestUmask_IsForThisAccountOnly()
    {
        using var parent = new TempDirectory();
        string data = parent.File("data");
        await using RunningProcess server = RunningProcess.Start(
            "rabbit server", "/bin/sh", ["-c", "umask 000; exec \"$0\" \"$@\"", Programs.Rabbit, .. FailedStart.Server("--data", data)]);
        await server.WaitForLineAsync("API listening on", Soon);

        Assert.Equal(Owner, File.GetUnixFileMode(data));
        Assert.Equal(Owner, File.GetUnixFileMode(Path.Combine(data, "tls")));
        Assert.Equal(Owner, File.GetUnixFileMode(Path.Combine(data, "keys")));
        string[] secrets = [.. Directory.GetFiles(data, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(data, file)).Except(["rabbit.lock", "tls/cert.pem"])];
        Assert.All(secrets, file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(data, file))));
        foreach (string file in new[] { "admin.key", "tls/key.pem", "rabbit.db", "rabbit.db-wal", "rabbit.db-shm" })
            Assert.Contains(file, secrets);
    }

    [Fact]
    [Trait("Property", "P05")]
    public async Task SecondStart_SecretsThatOthersCanRead_AreClosed()
    {
        string[] secrets = ["admin.key", "rabbit.db", Path.Combine("tls", "key.pem")];
        await using Installation installation = await Installation.CreateAsync();
        await (await installation.StartAsync()).Process.Kill9Async();
        foreach (string file in secrets)
            File.SetUnixFileMode(Path.Combine(installation.Data, file), File.GetUnixFileMode(Path.Combine(installation.Data, file)) | UnixFileMode.OtherRead);
        File.SetUnixFileMode(Path.Combine(installation.Data, "tls"), Owner | UnixFileMode.OtherExecute);

        await installation.StartAsync();
        Assert.All(secrets, file => Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(installation.Data, file))));
        Assert.Equal(Owner, File.GetUnixFileMode(Path.Combine(installation.Data, "tls")));
    }

    private static Task<string> ReadKeyAsync(Installation installation) =>
        File.ReadAllTextAsync(Path.Combine(installation.Data, "admin.key"), Cancellation);
}
