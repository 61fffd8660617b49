using System.Net;
using System.Net.Sockets;
using System.Text;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.Tunneling.Cluster;

/// <summary>A node that is lost while it serves visitors of others.</summary>
public sealed class ForwardLossTests : IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private readonly ForwardCluster _cluster = new();
    private readonly CancellationTokenSource _over = new();
    private ForwardNode _owner = null!;
    private ForwardNode _ingress = null!;
    private TokenRecord _token = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _owner = await _cluster.StartAsync("owner");
        _ingress = await _cluster.StartAsync("ingress");
        _token = _cluster.CreateToken();
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _cluster.DisposeAsync();
        _over.Dispose();
    }

    [Fact]
    public async Task OwnerBreaksOff_UnderLoad_EndsTheSessionAtOnce_AndVisitorsWaitForTheNext()
    {
        await using var line = new Line(_owner.NodePort);
        _owner.Join(line.EndPoint);
        ForwardNode next = await _cluster.StartAsync("next");
        await using LocalService service = LocalService.Echo();
        await using ForwardClient client = await ForwardClient.ConnectAsync(_cluster, _token, _owner, service.Port);
        await ForwardCluster.FollowsAsync(_ingress, _token, _owner);
        Task<int>[] load = [.. Enumerable.Range(0, 8).Select(_ => VisitOnAndOnAsync())];
        using Socket open = await _ingress.VisitAsync(_token);
        await open.SendAllAsync("a");
        await open.ReadExactlyAsync(1);

        long cutAt = TimeProvider.System.GetTimestamp();
        await line.CutAsync();
        Assert.True(await open.EndsWithResetAsync(Soon), "A stream through the lost node did not break.");
        await Eventually.BecomesAsync(() => _ingress.SessionOf(_token) is null, isGone => isGone, Soon, "the session has ended");
        TimeSpan took = TimeProvider.System.GetElapsedTime(cutAt);
        Assert.True(took < TimeSpan.FromSeconds(3), $"It took {took.TotalSeconds:0.0} s.");

        // Its lease has not run out yet: who comes now waits.
        using Socket waiting = await _ingress.VisitAsync(_token);
        await waiting.SendAllAsync("hello");
        await using ForwardClient moved = await ForwardClient.ConnectAsync(_cluster, _token, next, service.Port);
        Assert.Equal("hello", Encoding.ASCII.GetString(await waiting.ReadExactlyAsync(5, Soon)));
        await _over.CancelAsync();
        int served = (await Task.WhenAll(load)).Sum();
        Assert.True(served > 0, "There was no load.");
    }

    [Fact]
    public async Task LinkBreaks_AndTheOwnerIsThereAgain_IsFollowedAgain()
    {
        await using var line = new Line(_owner.NodePort);
        _owner.Join(line.EndPoint);
        await using LocalService service = LocalService.Echo();
        await using ForwardClient client = await ForwardClient.ConnectAsync(_cluster, _token, _owner, service.Port);
        await ForwardCluster.FollowsAsync(_ingress, _token, _owner);
        using Socket before = await _ingress.VisitAsync(_token);
        await before.SendAllAsync("a");
        await before.ReadExactlyAsync(1);

        await line.CutAsync();
        Assert.True(await before.EndsWithResetAsync(Soon));
        using Socket waiting = await _ingress.VisitAsync(_token);
        await waiting.SendAllAsync("hello");
        line.Mend();
        Assert.Equal("hello", Encoding.ASCII.GetString(await waiting.ReadExactlyAsync(5, Soon)));
    }

    private async Task<int> VisitOnAndOnAsync()
    {
        int served = 0;
        while (!_over.IsCancellationRequested)
        {
            try
            {
                using Socket visitor = await _ingress.VisitAsync(_token);
                await visitor.SendAllAsync("hello"u8.ToArray(), _over.Token);
                byte[] answer = new byte[5];
                if (await visitor.ReceiveAsync(answer, _over.Token) == answer.Length)
                    served++;
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                // Through the node that is lost, or over.
            }
        }
        return served;
    }

    /// <summary>A way to a node that can be cut: all that is on it breaks, and nobody gets in.</summary>
    private sealed class Line : IAsyncDisposable
    {
        private readonly IPEndPoint _target;
        private readonly List<Socket> _sockets = [];
        private Socket _listener;
        private Task _accepting;

        public Line(IPEndPoint target)
        {
            _target = target;
            _listener = Listen(new IPEndPoint(IPAddress.Loopback, 0));
            EndPoint = (IPEndPoint)_listener.LocalEndPoint!;
            _accepting = AcceptAsync(_listener);
        }

        public IPEndPoint EndPoint { get; }

        public async Task CutAsync()
        {
            _listener.Dispose();
            await _accepting;
            lock (_sockets)
            {
                foreach (Socket socket in _sockets)
                    Break(socket);
                _sockets.Clear();
            }
        }

        public void Mend()
        {
            _listener = Listen(EndPoint);
            _accepting = AcceptAsync(_listener);
        }

        public ValueTask DisposeAsync() => new(CutAsync());

        private static void Break(Socket socket)
        {
            try
            {
                socket.Reset();
            }
            catch (ObjectDisposedException)
            {
                // Broken already.
            }
        }

        private static Socket Listen(IPEndPoint at)
        {
            var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(at);
            listener.Listen(1024);
            return listener;
        }

        private async Task AcceptAsync(Socket listener)
        {
            try
            {
                while (true)
                {
                    Socket near = await listener.AcceptAsync(Cancellation);
                    var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                    near.NoDelay = true;
                    lock (_sockets)
                        _sockets.AddRange([near, far]);
                    _ = CarryAsync(near, far);
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // Cut.
            }
        }

        private async Task CarryAsync(Socket near, Socket far)
        {
            try
            {
                await far.ConnectAsync(_target, Cancellation);
                await Task.WhenAll(CarryOneWayAsync(near, far), CarryOneWayAsync(far, near));
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                near.Dispose();
                far.Dispose();
            }
        }

        private static async Task CarryOneWayAsync(Socket from, Socket to)
        {
            byte[] buffer = new byte[64 * 1024];
            int read;
            while ((read = await from.ReceiveAsync(buffer, Cancellation)) > 0)
                await to.SendAllAsync(buffer.AsMemory(0, read), Cancellation);
            to.Shutdown(SocketShutdown.Send);
        }
    }
}
