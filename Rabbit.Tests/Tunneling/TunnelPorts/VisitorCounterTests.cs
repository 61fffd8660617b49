using System.Net;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.Transport;
using Rabbit.Tunneling.TunnelPorts;
using Xunit;
using Xunit.Sdk;

namespace Rabbit.Tests.Tunneling.TunnelPorts;

/// <summary>
/// The counters of a port's visitors are the truth after any sequence of arrivals, refusals, ends that are told once or more often,
/// and limits that change meanwhile. A failure names its seed; RABBIT_TEST_SEED runs that one again.
/// </summary>
[Trait("Property", "P11")]
public sealed class VisitorCounterTests : IDisposable
{
    private const int Acts = 5000;

    private static readonly IPAddress[] Addresses =
    [
        IPAddress.Parse("192.0.2.1"), IPAddress.Parse("::ffff:192.0.2.1"), IPAddress.Parse("192.0.2.2"), IPAddress.Parse("198.51.100.9"),
        IPAddress.Parse("2001:db8:0:1::1"), IPAddress.Parse("2001:db8:0:1:ffff::2"), IPAddress.Parse("2001:db8:0:2::1"),
    ];

    private readonly VisitorRig _rig = new();

    [Fact]
    public async Task AnySequence_CountersAreTheModels()
    {
        int seed = Seed.Choose();
        var history = new List<string>();
        try
        {
            await RunAsync(new Random(seed), history);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new XunitException($"RABBIT_TEST_SEED={seed}, at act {history.Count}: {string.Join("; ", history.TakeLast(20))}\n{e.Message}", e);
        }
    }

    [Fact]
    public async Task ManyAtOnce_NeverMoreThanTheLimit_AndNobodyIsLeft()
    {
        const int Workers = 8, Visits = 3000, Limit = 3;
        var rules = TunnelRules.None with { MaxVisitors = Limit };
        IncomingConnection[] connections = await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => _rig.ConnectAsync(Addresses[worker % Addresses.Length])));
        int inside = 0, admitted = 0;
        await Parallel.ForEachAsync(connections, TestContext.Current.CancellationToken, (incoming, _) =>
        {
            for (int i = 0; i < Visits; i++)
            {
                Visitor visitor = _rig.VisitorOf(incoming);
                if (_rig.Visitors.Enter(visitor, rules) == Admission.Admitted)
                {
                    Interlocked.Increment(ref admitted);
                    Assert.InRange(Interlocked.Increment(ref inside), 1, Limit);
                    visitor.Record(ConnectionStatus.Active, "");
                    Thread.Yield();
                    visitor.Record(ConnectionStatus.Closed, "");
                    visitor.Record(ConnectionStatus.Error, "again");
                    Interlocked.Decrement(ref inside);
                }
                visitor.Leave();
                _rig.Visitors.Leave(visitor);
            }
            return ValueTask.CompletedTask;
        });
        Assert.InRange(admitted, Visits, Workers * Visits);
        Assert.Equal((admitted, 0, 0), ((int)_rig.Visitors.Total, _rig.Visitors.Active, _rig.Open.Count));
        Assert.Empty(_rig.Visitors.List(int.MaxValue));
    }

    public void Dispose() => _rig.Dispose();

    private async Task RunAsync(Random random, List<string> history)
    {
        var model = new VisitorModel();
        var here = new List<Visitor>();
        for (int act = 0; act < Acts; act++)
        {
            if (here.Count < 3 || (here.Count < 30 && random.Next(4) == 0))
                here.Add(_rig.VisitorOf(await _rig.ConnectAsync(Addresses[random.Next(Addresses.Length)])));
            Visitor visitor = here[random.Next(here.Count)];
            string who = $"{visitor.Number} ({visitor.Incoming.Remote.Address})";
            switch (random.Next(10))
            {
                case 0:
                    model.MaxVisitors = random.Next(0, 8);
                    model.MaxVisitorsPerAddress = random.Next(0, 4);
                    history.Add($"limits {model.MaxVisitors} {model.MaxVisitorsPerAddress}");
                    break;
                case < 4:
                    history.Add($"enter {who}");
                    var rules = TunnelRules.None with { MaxVisitors = model.MaxVisitors, MaxVisitorsPerAddress = model.MaxVisitorsPerAddress };
                    Assert.Equal(model.Enter(visitor), _rig.Visitors.Enter(visitor, rules));
                    break;
                case < 7:
                    var status = (ConnectionStatus)random.Next(5);
                    visitor.BytesAnswered += random.Next(100);
                    history.Add($"record {who} {status}");
                    visitor.Record(status, "");
                    model.Record(visitor, status);
                    break;
                case 7:
                    visitor.BytesAnswered += random.Next(100);
                    history.Add($"progress {who}");
                    visitor.RecordProgress();
                    model.RecordProgress(visitor);
                    break;
                case 8:
                    history.Add($"leave {who}");
                    _rig.Visitors.Leave(visitor);
                    model.Leave(visitor);
                    break;
                default:
                    history.Add($"end {who}");
                    here.Remove(visitor);
                    visitor.Leave();
                    model.End(visitor);
                    break;
            }
            AssertEqual(model);
        }
        foreach (Visitor visitor in here)
        {
            visitor.Leave();
            model.End(visitor);
        }
        AssertEqual(model);
        Assert.Equal((0, 0), (_rig.Visitors.Active, _rig.Open.Count));
        Assert.Empty(_rig.Visitors.List(int.MaxValue));
        Assert.Equal(_rig.Visitors.Total, _rig.Log.Count);
        Assert.Equal(_rig.Visitors.BytesToVisitors, _rig.Log.Sum(entry => entry.BytesToVisitor));
        Assert.DoesNotContain(_rig.Log, entry => entry.Status == ConnectionStatus.Active);
    }

    private void AssertEqual(VisitorModel model)
    {
        Assert.Equal(
            (model.Total, model.Active, model.Active, model.Bytes),
            (_rig.Visitors.Total, _rig.Visitors.Active, _rig.Open.Count, _rig.Visitors.BytesToVisitors));
        Assert.Equal(model.Admitted, _rig.Visitors.List(int.MaxValue).Select(visitor => visitor.Number));
    }
}
