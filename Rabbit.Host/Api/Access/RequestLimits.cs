using System.Net;
using System.Net.Sockets;
using System.Security.Claims;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;
using Rabbit.Host.Api.Answers;
using Rabbit.Host.Startup;

namespace Rabbit.Host.Api.Access;

/// <summary>
/// How many requests a second are answered: of each key, and of each address (of an IPv6 network of 64 bits) that shows none. A
/// token bucket that holds <see cref="BurstSeconds"/> of them.
/// </summary>
internal static class RequestLimits
{
    private const int BurstSeconds = 5;

    // Of an IPv6 address, what a network's operator assigns to one customer (RFC 6177).
    private const int CustomerBytes = 8;

    public static void AddRequestLimits(this IServiceCollection services)
    {
        services.AddRateLimiter(_ => { });
        services.AddOptions<RateLimiterOptions>().Configure<IOptions<ApiOptions>>((limits, api) =>
        {
            limits.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(context => Partition(context, api.Value));
            limits.OnRejected = static (rejected, _) =>
            {
                rejected.HttpContext.Response.Headers.RetryAfter = "1";
                return new ValueTask(Problems.Of(StatusCodes.Status429TooManyRequests, "Too many requests in a short time; try again in a second.")
                    .ExecuteAsync(rejected.HttpContext));
            };
        });
    }

    private static RateLimitPartition<string> Partition(HttpContext context, ApiOptions options)
    {
        string? keyId = context.User.FindFirstValue(ClaimTypes.NameIdentifier);
        int rate = keyId is null ? options.ApiAnonymousRate : options.ApiRate;
        string partition = keyId ?? Network(context.Connection.RemoteIpAddress ?? IPAddress.None);
        if (rate == 0)
            return RateLimitPartition.GetNoLimiter("");
        return RateLimitPartition.GetTokenBucketLimiter(partition, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = rate * BurstSeconds,
            TokensPerPeriod = rate,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = 0,
        });
    }

    private static string Network(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? Convert.ToHexString(address.GetAddressBytes().AsSpan(0, CustomerBytes))
            : address.ToString();
    }
}
