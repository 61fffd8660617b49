using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Rabbit.Persistence.Model;
using Rabbit.Protocol.Credentials;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Tests.Persistence;
using Rabbit.Tests.Support;
using StackExchange.Redis;
using Xunit;

namespace Rabbit.Tests.Security;

/// <summary>
/// Somebody has read all there is in the database, in Redis, in the journal and in the log, and tries every word of it as a token, as the
/// secret of a token, as a key and as the secret of a data channel.
/// </summary>
[Trait("Property", "P04")]
public sealed partial class StolenStateTests
{
    private const int ShortestWord = 8;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EveryWordOfDatabaseRedisJournalAndLog_LogsInNowhere()
    {
        await using PrivateServer postgres = await PrivateServer.MakePostgresAsync();
        await using PrivateServer redis = PrivateServer.MakeRedis();
        await postgres.StartAsync();
        await redis.StartAsync();
        await using Installation installation = await Installation.CreateAsync(postgres.PostgresConnection, redis.RedisConnection);
        RabbitProcess server = await installation.StartAsync(
            ("RABBIT_PENALTY_EXEMPT", "127.0.0.1"), ("RABBIT_API_RATE", "0"), ("RABBIT_API_ANONYMOUS_RATE", "0"));
        TestToken token = await server.CreateTokenAsync();
        string key = (await server.Api.SendAsync(HttpMethod.Post, "keys", new { name = "k", role = "admin" })).GetProperty("data").GetProperty("key").GetString()!;
        using NativePeer client = await NativePeer.LoginAsync(server.ControlPort, token);
        await VisitAsync(server, client, token);
        await Eventually.BecomesAsync(() => installation.VisitsAsync(token.Port), rows => rows.Count > 0, Soon, "the visitor is on record");
        string stolen = await ReadRedisAsync(redis) + await ReadDatabaseAsync(installation);

        await postgres.Kill9Async();
        await VisitAsync(server, client, token);
        stolen += await Eventually.BecomesAsync(
            () => ReadJournal(installation), journal => journal.Contains(token.Id, StringComparison.Ordinal), Soon, "the visitor is in the journal");
        await postgres.StartAsync();
        stolen += string.Join('\n', server.Process.Lines.Where(line => !line.StartsWith("RABBIT_TOKEN=", StringComparison.Ordinal)));

        string[] words = [.. Words().Matches(stolen).Select(match => match.Value).Where(word => word.Length >= ShortestWord).Distinct()];
        // What is looked for would be found: ids and hashes are there.
        Assert.True(TokenText.TryParse(token.Text, out TokenText text));
        Assert.Contains(token.Id, words);
        Assert.Contains(Convert.ToHexString(text.HashSecret()), words);
        Assert.Contains(key.Split('_')[1], words);
        Assert.Contains($"{client.Hello.SessionId}", words);
        Assert.DoesNotContain(text.Secret, stolen, StringComparison.Ordinal);
        Assert.DoesNotContain(key.Split('_')[2], stolen, StringComparison.Ordinal);

        using var http = new HttpClient { BaseAddress = server.Api.Address };
        Assert.Equal(HttpStatusCode.OK, await AskAsync(http, key));
        await Eventually.BecomesAsync(() => IsLetInAsync(server, token.Text), isIn => isIn, Soon, "the token itself gets in");
        foreach (string word in words)
        {
            foreach (string guess in new[] { word, $"rbt_{token.Id}_{word.ToLowerInvariant()}" })
                Assert.False(await IsLetInAsync(server, guess), $"'{guess}' is taken for a token.");
            foreach (string guess in new[] { word, $"rbk_{key.Split('_')[1]}_{word.ToLowerInvariant()}" })
                Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(http, guess));
            if (Guid.TryParse(word, out Guid secret))
            {
                using NativePeer channel = await NativePeer.OpenChannelAsync(server.ControlPort, client.Hello with { ChannelSecret = secret });
                Assert.Equal(RejectCode.InvalidChannel, (await channel.ReadAsync()).Read<Reject>().Code);
            }
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{words.Length} words were tried");
    }

    private static async Task VisitAsync(RabbitProcess server, NativePeer client, TestToken token)
    {
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        await visitor.SendAllAsync("a visitor");
        using NativePeer channel = await NativePeer.OpenChannelAsync(server.ControlPort, client.Hello);
        var (_, end) = await channel.AcceptAsync();
        await end.ReadExactlyAsync(9);
    }

    private static async Task<bool> IsLetInAsync(RabbitProcess server, string token)
    {
        using NativePeer peer = await NativePeer.ConnectAsync(server.ControlPort);
        await peer.SendAsync(NativePeer.HelloOf(token, yield: true));
        Frame answer = await peer.ReadAsync();
        // The tunnel has a client, to which who has the token yields.
        return answer.Type != FrameType.Reject || answer.Read<Reject>().Code == RejectCode.Occupied;
    }

    private static async Task<HttpStatusCode> AskAsync(HttpClient http, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/api/v1/teams", UriKind.Relative));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using HttpResponseMessage answer = await http.SendAsync(request, Cancellation);
        return answer.StatusCode;
    }

    private static async Task<string> ReadDatabaseAsync(Installation installation)
    {
        await using RabbitDbContext database = installation.OpenDatabase();
        return await DatabaseDump.TakeAsync(database);
    }

    private static async Task<string> ReadRedisAsync(PrivateServer redis)
    {
        await using ConnectionMultiplexer connection = await ConnectionMultiplexer.ConnectAsync(redis.RedisConnection);
        IDatabase database = connection.GetDatabase();
        var read = new StringBuilder();
        await foreach (RedisKey key in connection.GetServers()[0].KeysAsync())
        {
            read.AppendLine(key);
            // Whatever kind it is.
            foreach (RedisResult value in await database.KeyTypeAsync(key) switch
            {
                RedisType.Hash => (RedisResult[])(await database.ExecuteAsync("HGETALL", key))!,
                RedisType.String => [await database.ExecuteAsync("GET", key)],
                var other => throw new NotSupportedException($"{key} is a {other}, which this test does not read."),
            })
            {
                read.AppendLine(value.ToString());
            }
        }
        Assert.NotEqual(0, read.Length);
        return read.ToString();
    }

    private static string ReadJournal(Installation installation) =>
        string.Concat(Directory.GetFiles(installation.Data, "*.journal", SearchOption.AllDirectories).Select(file => Encoding.Latin1.GetString(File.ReadAllBytes(file))));

    [GeneratedRegex("[0-9A-Za-z_+/-]+")]
    private static partial Regex Words();
}
