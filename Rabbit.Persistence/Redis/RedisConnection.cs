using System.Globalization;
using StackExchange.Redis;

namespace Rabbit.Persistence.Redis;

/// <summary>How Redis is reached.</summary>
internal static class RedisConnection
{
    private const int DefaultPort = 6379;
    private const int TimeoutMilliseconds = 2000;
    private const int KeepAliveSeconds = 10;

    /// <summary>Reads <c>redis://name:password@host:port/database</c> (<c>rediss</c> for TLS), <c>host:port</c>, or a StackExchange.Redis string.</summary>
    /// <exception cref="FormatException">It is none of them.</exception>
    public static ConfigurationOptions Parse(string redis)
    {
        ConfigurationOptions options;
        try
        {
            bool tls = redis.StartsWith("rediss://", StringComparison.Ordinal);
            options = tls || redis.StartsWith("redis://", StringComparison.Ordinal)
                ? FromUri(new Uri(redis), tls)
                : ConfigurationOptions.Parse(redis);
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            throw new FormatException("--redis is not understood; write host:port or redis://name:password@host:port.", e);
        }
        if (options.EndPoints.Count == 0)
            throw new FormatException("--redis names no host; write host:port or redis://name:password@host:port.");

        // A Redis that is away at the start is waited for like one that goes away later; calls meanwhile fail at once.
        options.AbortOnConnectFail = false;
        options.BacklogPolicy = BacklogPolicy.FailFast;
        options.ConnectTimeout = TimeoutMilliseconds;
        options.AsyncTimeout = TimeoutMilliseconds;
        // A line that died without a word is noticed by this; a subscription only listens.
        if (options.KeepAlive < 0)
            options.KeepAlive = KeepAliveSeconds;
        return options;
    }

    private static ConfigurationOptions FromUri(Uri uri, bool tls)
    {
        var options = new ConfigurationOptions { Ssl = tls };
        options.EndPoints.Add(uri.IdnHost.Trim('[', ']'), uri.Port > 0 ? uri.Port : DefaultPort);
        string[] credentials = uri.UserInfo.Split(':', 2);
        if (credentials[0].Length > 0)
            options.User = Uri.UnescapeDataString(credentials[0]);
        if (credentials.Length == 2)
            options.Password = Uri.UnescapeDataString(credentials[1]);
        if (uri.AbsolutePath.Length > 1)
            options.DefaultDatabase = int.Parse(uri.AbsolutePath[1..], CultureInfo.InvariantCulture);
        return options;
    }
}
