using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Rabbit.Client.Status.Sharing;

/// <summary>Tells whoever connects to a unix socket, which only this account can, how this program stands.</summary>
internal sealed partial class StatusServer : IAsyncDisposable
{
    private const int Backlog = 16;
    private static readonly TimeSpan SendTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RestAfterFailure = TimeSpan.FromMilliseconds(200);

    private readonly string _path;
    private readonly Func<ClientReport> _report;
    private readonly TimeProvider _time;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;

    private StatusServer(string path, Func<ClientReport> report, TimeProvider time)
    {
        (_path, _report, _time) = (path, report, time);
        ClientDirectories.Create(Path.GetDirectoryName(path)!);
        File.Delete(path); // Of an earlier process with the same number.
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _listener.Listen(Backlog);
        _serving = ServeAsync();
    }

    /// <summary>Begins to listen; null, and a word about it, where that is not possible.</summary>
    public static StatusServer? TryStart(string path, Func<ClientReport> report, TimeProvider time, ILogger logger)
    {
        try
        {
            return new StatusServer(path, report, time);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SocketException or ArgumentException)
        {
            LogUnavailable(logger, path, e.Message);
            return null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        _listener.Dispose();
        _stop.Dispose();
        try
        {
            File.Delete(_path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Who asks next finds nobody there.
        }
    }

    private async Task ServeAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using Socket asking = await _listener.AcceptAsync(_stop.Token);
                await AnswerAsync(asking);
            }
            catch (OperationCanceledException)
            {
                // The program ends.
            }
            catch (SocketException)
            {
                await Task.Delay(RestAfterFailure, _time, CancellationToken.None); // No descriptor is left.
            }
        }
    }

    private async Task AnswerAsync(Socket asking)
    {
        using var timeout = new CancellationTokenSource(SendTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stop.Token);
        try
        {
            await using var stream = new NetworkStream(asking);
            await JsonSerializer.SerializeAsync(stream, _report(), StatusJson.Default.ClientReport, either.Token);
        }
        catch (Exception e) when (e is IOException or SocketException || (e is OperationCanceledException && !_stop.IsCancellationRequested))
        {
            // It did not wait for the answer, or does not read it.
        }
    }

    [LoggerMessage(EventIds.StatusUnavailable, LogLevel.Information, "'tunnel-client status' will not find this program, since {Path} cannot be made: {Reason}")]
    private static partial void LogUnavailable(ILogger logger, string path, string reason);
}
