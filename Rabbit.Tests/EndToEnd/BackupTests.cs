using System.Runtime.Versioning;
using Npgsql;
using Rabbit.Tests.Host.Commands;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>What docs/backup.md says, done: a backup of a running server becomes another installation.</summary>
[SupportedOSPlatform("linux")]
public sealed class BackupTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    public async Task Backup_OfARunningServer_RestoresItsTokensAndPorts(Engine engine)
    {
        await using Installation before = await Installation.CreateAsync(engine);
        RabbitProcess first = await before.StartAsync();
        TestToken token = await first.CreateTokenAsync();
        using NativePeer client = await NativePeer.LoginAsync(first.ControlPort, token);

        using var backup = new TempDirectory();
        await CommandRun.OfAsync("cp", "-a", Path.Combine(before.Data, "admin.key"), Path.Combine(before.Data, "tls"), Path.Combine(before.Data, "keys"), backup.Path);
        await BackUpAsync(before, backup);
        // Not in the backup, and the server did not mind that one was made.
        TestToken later = await first.CreateTokenAsync();
        await first.Process.Kill9Async();

        await using Installation after = await Installation.CreateAsync(engine);
        await RestoreAsync(backup, after);
        Assert.Contains("is healthy", await CommandRun.DatabaseAsync(after, "health"), StringComparison.Ordinal);
        RabbitProcess second = await after.StartAsync();
        await second.Process.WaitForLineAsync($"Restored tunnel listener on port {token.Port} (sessions: 1)", Soon);
        using NativePeer back = await NativePeer.LoginAsync(second.ControlPort, token, client.Hello);
        Assert.Equal((client.Hello.SessionId, token.Port), (back.Hello.SessionId, (int)back.Hello.TunnelPort));

        string teams = (await second.Api.GetAsync("teams")).GetRawText();
        Assert.Contains(token.Id, teams, StringComparison.Ordinal);
        Assert.DoesNotContain(later.Id, teams, StringComparison.Ordinal);
        Assert.Equal(later.Port, (await second.CreateTokenAsync()).Port);
    }

    private static async Task BackUpAsync(Installation installation, TempDirectory backup)
    {
        if (installation.Database is { } database)
        {
            await PostgresAsync("pg_dump", database, "--format=custom", $"--file={backup.File("rabbit.dump")}");
            return;
        }
        string file = backup.File("rabbit.db");
        await CommandRun.DatabaseAsync(installation, "backup", file);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    private static async Task RestoreAsync(TempDirectory backup, Installation installation)
    {
        await CommandRun.OfAsync("cp", "-a", $"{backup.Path}/.", installation.Data);
        if (installation.Database is { } database)
            await PostgresAsync("pg_restore", database, "--exit-on-error", "--no-owner", Path.Combine(installation.Data, "rabbit.dump"));
    }

    private static async Task PostgresAsync(string tool, string database, params string[] arguments)
    {
        var connection = new NpgsqlConnectionStringBuilder(database);
        string program = Path.Combine(Environment.GetEnvironmentVariable("RABBIT_TEST_POSTGRES_BIN")!, tool);
        CommandRun run = await CommandRun.OfAsync(
            program, [$"--host={connection.Host}", $"--port={connection.Port}", $"--username={connection.Username}", $"--dbname={connection.Database}", .. arguments]);
        Assert.True(run.Status == 0, $"{run}");
    }
}
