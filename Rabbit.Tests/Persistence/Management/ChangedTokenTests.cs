using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Management;
using Rabbit.Persistence.Model;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.Persistence.Management;

/// <summary>Which tokens do not count any more, asked for many at once.</summary>
public sealed class ChangedTokenTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [OnBothDatabases]
    [Trait("Property", "P09")]
    public async Task FindChanged_DeletedRevokedAndExpired_AreNamedAndNoOthers(TestDatabaseKind kind)
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

        IReadOnlyList<ChangedToken> invalid = await rig.Tokens.FindChangedAsync(
            [.. new[] { valid.TokenId, lasting.TokenId, expired.TokenId, revoked.TokenId, deleted.TokenId, "never'seen\"?" }.Select(Known)], Cancellation);
        ChangedToken[] expected =
        [
            new(expired.TokenId, TokenFate.Expired), new(revoked.TokenId, TokenFate.Revoked), new(deleted.TokenId, TokenFate.Revoked),
            new("never'seen\"?", TokenFate.Revoked),
        ];
        Assert.Equal(expected.OrderBy(token => token.TokenId), invalid.OrderBy(token => token.TokenId));
        Assert.NotNull(notAsked);
        Assert.Empty(await rig.Tokens.FindChangedAsync([], Cancellation));
    }

    [Theory]
    [OnBothDatabases]
    public async Task FindChanged_AmongTenThousand_TakesLessThanFiftyMilliseconds(TestDatabaseKind kind)
    {
        const int Count = 10_000;
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        Token one = (await rig.CreateTokenAsync()).Token;
        string[] ids = [.. Enumerable.Range(0, Count).Select(i => $"token{i:0000000}")];
        KnownToken[] known = [.. ids.Select(Known)];
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
            Assert.Equal([new ChangedToken(ids[0], TokenFate.Revoked)], await rig.Tokens.FindChangedAsync(known, Cancellation));
            TimeSpan elapsed = Stopwatch.GetElapsedTime(started);
            fastest = elapsed < fastest ? elapsed : fastest;
        }
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{kind}: {fastest.TotalMilliseconds:0.0} ms, {(Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds / 20:0.0} ms of CPU in this process");
        Assert.InRange(fastest, TimeSpan.Zero, TimeSpan.FromMilliseconds(50));
    }

    private static KnownToken Known(string tokenId) => new(tokenId, Revision: 0);
}
