using System.Net;
using System.Net.Sockets;
using Rabbit.Persistence.Database;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.Persistence.Database;

public sealed class UnusableDatabaseTests
{
    [Fact]
    public async Task Start_SecondServerOnTheSameFile_RefusesWithASentence()
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(TestDatabaseKind.Sqlite);
        await using (StoreRig first = await StoreRig.StartOnAsync(database))
        {
            var refused = await Assert.ThrowsAsync<StoreUnavailableException>(() => StoreRig.StartOnAsync(database));
            Assert.Contains("Another rabbit server uses the data directory", refused.Message, StringComparison.Ordinal);
            Assert.Contains(database.DataDirectory, refused.Message, StringComparison.Ordinal);
        }

        // The first is gone, and with it the lock.
        await using StoreRig next = await StoreRig.StartOnAsync(database);
        await next.CreateTokenAsync();
    }

    [Fact]
    [Trait("Property", "P36")]
    public async Task Start_PostgresDoesNotAnswer_NamesTheHostButNotThePassword()
    {
        await using TestDatabase directory = await TestDatabase.CreateAsync(TestDatabaseKind.Sqlite);
        using var bound = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        bound.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        int port = ((IPEndPoint)bound.LocalEndPoint!).Port;

        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(
            () => StoreRig.StartOnAsync(directory, $"postgres://rabbit:hunter2@127.0.0.1:{port}/rabbit"));
        Assert.Contains($"127.0.0.1:{port}/rabbit", refused.Message, StringComparison.Ordinal);
        Assert.Contains("start it, or correct --database", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_DataDirectoryCannotBeMade_RefusesWithASentence()
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(TestDatabaseKind.Sqlite);
        string file = Path.Combine(database.DataDirectory, "file");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);

        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(
            () => StoreRig.StartOnAsync(database, dataDirectory: Path.Combine(file, "data")));
        Assert.Contains("cannot be written", refused.Message, StringComparison.Ordinal);
        Assert.Contains("--data", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_FileIsNoDatabase_RefusesWithASentence()
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(TestDatabaseKind.Sqlite);
        await File.WriteAllTextAsync(
            Path.Combine(database.DataDirectory, "rabbit.db"), new string('x', 8192), TestContext.Current.CancellationToken);

        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(() => StoreRig.StartOnAsync(database));
        Assert.Contains("no SQLite database", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mysql://root@localhost/x")]
    [InlineData("postgres://")]
    [InlineData("postgres://host/db?nonsense=1")]
    [InlineData("Username=me;Password=hunter2")]
    [InlineData("rabbit.db")]
    public void Parse_NotPostgres_SaysWhatToWrite(string text)
    {
        var refused = Assert.Throws<FormatException>(() => DatabaseConnection.Parse(text, "data"));
        Assert.Contains("postgres://name:password@host:5432/database", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgres://me:p%40ss@db.example:6543/tunnels?sslmode=require")]
    [InlineData("Host=db.example;Port=6543;Database=tunnels;Username=me;Password=p@ss;SSL Mode=Require")]
    public void Parse_UriOrKeywords_MeanTheSame(string text)
    {
        DatabaseConnection connection = DatabaseConnection.Parse(text, "data");
        var builder = new Npgsql.NpgsqlConnectionStringBuilder(connection.ConnectionString);
        Assert.True(connection.IsPostgres);
        Assert.Equal("PostgreSQL at db.example:6543/tunnels", connection.Name);
        Assert.Equal(("me", "p@ss", Npgsql.SslMode.Require), (builder.Username, builder.Password, builder.SslMode));
        Assert.Equal((3, 5), (builder.Timeout, builder.CommandTimeout));
    }

    [Theory]
    [InlineData("disable", Npgsql.SslMode.Disable)]
    [InlineData("verify-ca", Npgsql.SslMode.VerifyCA)]
    [InlineData("verify-full", Npgsql.SslMode.VerifyFull)]
    public void Parse_SslModeAsPostgresWritesIt_IsUnderstood(string written, Npgsql.SslMode meant)
    {
        DatabaseConnection connection = DatabaseConnection.Parse($"postgres://me@db.example/tunnels?sslmode={written}&sslrootcert=%2Fetc%2Fca.pem", "data");
        var builder = new Npgsql.NpgsqlConnectionStringBuilder(connection.ConnectionString);
        Assert.Equal((meant, "/etc/ca.pem"), (builder.SslMode, builder.RootCertificate));
    }
}
