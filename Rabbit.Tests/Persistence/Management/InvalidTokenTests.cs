using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Management;
using Rabbit.Persistence.Model;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.Persistence.Management;

/// <summary>Which tokens do not count any more, asked for many at once.</summary>
public sealed class InvalidTokenTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [OnBothDatabases]
    [Trait("Property", "P09")]
    public async Task FindInvalid_DeletedRevokedAndExpired_AreNamedAndNoOthers(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        Token valid = (await rig.CreateTokenAsync()).Token;
        Token lasting = (await rig.CreateTokenAsync(expiresInDays: 2)).Token;
        Token expired = (await rig.CreateTokenAsync(expiresInDays: 1)).Token;
        Token revoked = (await rig.CreateTokenAsync(expiresInDays: 1)).Token;
        Token deleted = (await rig.CreateTokenAsync()).Token;
        Token notAsked = (await rig.CreateTokenAsync(expiresInDays: 1)).Token;
        rig.Time.Advance(TimeSpan.FromDays(1));
        DateTimeOffset now = rig.Time.GetUtcNow();
        await rig.QueryAsync(context => context.Tokens.Where(row => row.Id == revoked.TokenId)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.RevokedAt, now), Cancellation));
        await rig.QueryAsync(context => context.Tokens.Where(row => row.Id == deleted.TokenId).ExecuteDeleteAsync(Cancellation));

        IReadOnlyList<InvalidToken> invalid = await rig.Tokens.FindInvalidAsync(
            [valid.TokenId, lasting.TokenId, expired.TokenId, revoked.TokenId, deleted.TokenId, "never'seen\"?"], Cancellation);
        InvalidToken[] expected =
        [
            new(expired.TokenId, IsExpired: true), new(revoked.TokenId, IsExpired: false), new(deleted.TokenId, IsExpired: false),
            new("never'seen\"?", IsExpired: false),
        ];
        Assert.Equal(expected.OrderBy(token => token.TokenId), invalid.OrderBy(token => token.TokenId));
        Assert.NotNull(notAsked);
        Assert.Empty(await rig.Tokens.FindInvalidAsync([], Cancellation));
    }

    [Theory]
    [OnBothDatabases]
    public async Task FindInvalid_AmongTenThousand_TakesLessThanFiftyMilliseconds(TestDatabaseKind kind)
    {
        const int Count = 10_000;
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        Token one = (await rig.CreateTokenAsync()).Token;
        string[] ids = [.. Enumerable.Range(0, Count).Select(i => $"token{i:0000000}")];
        await rig.QueryAsync(async context =>
        {
            context.Tokens.AddRange(ids.Skip(1).Select(id => new TokenRow
            {
                Id = id,
                TeamId = one.TeamId,
                Name = id,
                SecretHash = new byte[32],
                CreatedAt = rig.Time.GetUtcNow(),
            }));
            return await context.SaveChangesAsync(Cancellation);
        });

        var fastest = TimeSpan.MaxValue;
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        for (int round = 0; round < 20; round++)
        {
            long started = Stopwatch.GetTimestamp();
            Assert.Equal([new InvalidToken(ids[0], IsExpired: false)], await rig.Tokens.FindInvalidAsync(ids, Cancellation));
            TimeSpan elapsed = Stopwatch.GetElapsedTime(started);
            fastest = elapsed < fastest ? elapsed : fastest;
        }
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{kind}: {fastest.TotalMilliseconds:0.0} ms, {(Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds / 20:0.0} ms of CPU in this process");
        Assert.InRange(fastest, TimeSpan.Zero, TimeSpan.FromMilliseconds(50));
    }
}
