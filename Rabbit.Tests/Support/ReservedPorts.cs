using System.Net;
using System.Net.Sockets;

namespace Rabbit.Tests.Support;

/// <summary>
/// Ports for what must keep its port across restarts. They lie below the range from which the kernel takes ports for
/// outgoing connections, so that only another listener can be in the way; that is tried, and no two tests get the same.
/// </summary>
internal static class ReservedPorts
{
    private const int First = 21000;
    private const int Last = 32000;

    // For a few blocks of a thousand and more, which would find no place among the others.
    private const int FirstOfMany = 12000;
    private const int Many = 1000;

    private static readonly Lock Gate = new();
    private static readonly HashSet<int> Taken = [];

    /// <summary>The first of so many consecutive free ports.</summary>
    public static int Take(int count) => Take(count, IPAddress.Loopback);

    /// <summary>The first of so many consecutive ports that are free at each of these addresses.</summary>
    public static int Take(int count, params IPAddress[] addresses)
    {
        var (from, to) = count < Many ? (First, Last) : (FirstOfMany, First);
        lock (Gate)
        {
            for (int attempt = 0; attempt < 1000; attempt++)
            {
                int first = Random.Shared.Next(from, to - count);
                int[] block = [.. Enumerable.Range(first, count)];
                if (block.Any(Taken.Contains) || !block.All(port => Array.TrueForAll(addresses, address => IsFree(address, port))))
                    continue;
                Taken.UnionWith(block);
                return first;
            }
        }
        throw new InvalidOperationException($"There are no {count} free ports in a row between {from} and {to}.");
    }

    private static bool IsFree(IPAddress address, int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
