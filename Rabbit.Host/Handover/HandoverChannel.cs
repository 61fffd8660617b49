using System.Net.Sockets;
using System.Text.Json;
using Rabbit.Tunneling.Handover;

namespace Rabbit.Host.Handover;

/// <summary>One server's end of the conversation with another, over a unix socket that keeps messages apart.</summary>
internal sealed class HandoverChannel(Socket socket) : IDisposable
{
    private const int LongestMessage = 64 * 1024;

    /// <summary>Sends a message with the descriptors that it names; they stay this process's too.</summary>
    /// <exception cref="SocketException">The other has gone.</exception>
    public Task SendAsync(HandoverMessage message, params int[] descriptors)
    {
        byte[] text = JsonSerializer.SerializeToUtf8Bytes(message);
        return ApartAsync(() =>
        {
            socket.SendTimeout = (int)TimeSpan.FromSeconds(10).TotalMilliseconds;
            DescriptorPassing.Send(socket, text, descriptors);
            return true;
        });
    }

    /// <summary>Waits for a message; null when the other has gone, or says nothing in time. The descriptors are the caller's.</summary>
    public Task<(HandoverMessage? Message, IReadOnlyList<int> Descriptors)> ReceiveAsync(TimeSpan limit) => ApartAsync<(HandoverMessage?, IReadOnlyList<int>)>(() =>
    {
        byte[] buffer = new byte[LongestMessage];
        var descriptors = new List<int>();
        try
        {
            socket.ReceiveTimeout = (int)limit.TotalMilliseconds;
            int length = DescriptorPassing.Receive(socket, buffer, descriptors);
            if (length > 0 && JsonSerializer.Deserialize<HandoverMessage>(buffer.AsSpan(0, length)) is { } message && (message.Names?.Count ?? 0) == descriptors.Count)
                return (message, descriptors);
        }
        catch (Exception e) when (e is SocketException or JsonException or ObjectDisposedException)
        {
            // Told below.
        }
        descriptors.ForEach(DescriptorPassing.Close);
        return (null, []);
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Both); // Wakes who waits for a message.
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The other has gone, or this was called before.
        }
        socket.Dispose();
    }

    // The calls block, and may for minutes.
    private static Task<T> ApartAsync<T>(Func<T> call) =>
        Task.Factory.StartNew(call, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
