using System.Buffers;
using System.Text;

namespace Rabbit.Tunneling.OfflineReplies;

/// <summary>The words with which text protocols begin.</summary>
internal static class FirstWords
{
    /// <summary>Longest first word that is looked at, in bytes.</summary>
    public const int MaxLength = 20;

    /// <summary>What a first word is made of.</summary>
    public static readonly SearchValues<byte> Characters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"u8);

    // Methods that go on with something else than a path (RFC 9110 section 9, RFC 9113 section 3.4), or are seen often.
    private static readonly string[] HttpMethods = ["OPTIONS", "POST", "PUT", "DELETE", "PATCH", "CONNECT", "TRACE", "PRI"];

    // What people and health checks type into a bare connection; drivers send arrays.
    private static readonly string[] RedisCommands =
    [
        "PING", "AUTH", "HELLO", "QUIT", "SELECT", "INFO", "ECHO", "GET", "SET", "DEL", "EXISTS", "INCR", "KEYS", "SCAN",
        "TYPE", "TTL", "CLIENT", "COMMAND", "CONFIG", "DBSIZE", "MONITOR", "SUBSCRIBE", "PUBLISH", "ROLE", "TIME",
    ];

    /// <summary>Methods are case-sensitive.</summary>
    public static bool IsHttpMethod(ReadOnlySpan<byte> word)
    {
        foreach (string method in HttpMethods)
        {
            if (Ascii.Equals(word, method))
                return true;
        }
        return false;
    }

    /// <summary>Commands are not.</summary>
    public static bool IsRedisCommand(ReadOnlySpan<byte> word)
    {
        foreach (string command in RedisCommands)
        {
            if (Ascii.EqualsIgnoreCase(word, command))
                return true;
        }
        return false;
    }
}
