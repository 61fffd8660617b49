using System.Net.Sockets;
using System.Text.Json;

namespace Rabbit.Client.Status.Sharing;

/// <summary>Asks the running clients how they are.</summary>
internal static class StatusQuery
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3);

    /// <summary>What each of them says, and one sentence for each that says nothing.</summary>
    public static async Task<(List<ClientReport> Reports, List<string> Faults)> AskAllAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        var reports = new List<ClientReport>();
        var faults = new List<string>();
        foreach (string path in StatusSockets.FindAll())
        {
            using var timeout = new CancellationTokenSource(Timeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
            try
            {
                if (await AskAsync(path, either.Token) is { } report)
                    reports.Add(report);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
            {
                RemoveLeftOver(path);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.AccessDenied or SocketError.AddressNotAvailable)
            {
                // Of another account, or gone this moment.
            }
            catch (Exception e) when (e is IOException or SocketException or JsonException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                faults.Add($"The client behind {path} does not say how it is: {(e is OperationCanceledException ? "it does not answer" : e.Message)}");
            }
        }
        return (reports, faults);
    }

    private static async Task<ClientReport?> AskAsync(string path, CancellationToken cancellationToken)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
        await using var stream = new NetworkStream(socket);
        return await JsonSerializer.DeserializeAsync(stream, StatusJson.Default.ClientReport, cancellationToken);
    }

    // A client that was killed has left it.
    private static void RemoveLeftOver(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Then it stays.
        }
    }
}
