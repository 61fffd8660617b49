using System.Net;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Rabbit.Tests.Support;
using Rabbit.Tests.Telemetry;
using Rabbit.Tunneling;
using Rabbit.Tunneling.ControlPort;
using Rabbit.Tunneling.TunnelPorts;
using Xunit;
using Xunit.Sdk;

namespace Rabbit.Tests.Tunneling.ControlPort;

/// <summary>
/// The places of unauthenticated connections, compared with a model after any sequence of arrivals, ends, ends told twice, logins and
/// their ends. A failure names its seed; RABBIT_TEST_SEED runs that one again.
/// </summary>
[Trait("Property", "P11")]
public sealed class HandshakeCounterTests
{
    private const int Acts = 30_000;
    private const int Tolerated = 100;
    private const int Most = 1000;

    private static readonly IPAddress[] Addresses =
    [
        .. Enumerable.Range(1, 12).Select(i => IPAddress.Parse($"192.0.2.{i}")),
        .. Enumerable.Range(1, 6).Select(i => IPAddress.Parse($"2001:db8:0:{i % 3}::{i}")),
    ];

    private readonly KnownAddresses _known;
    private readonly HandshakeAdmission _admission;
    private readonly List<HandshakeAdmission.Place> _places = [];
    private readonly List<HandshakeAdmission.Place> _gone = [];
    private readonly Dictionary<VisitorNetwork, List<IDisposable>> _logins = [];

    public HandshakeCounterTests()
    {
        var time = new FakeTimeProvider();
        _known = new KnownAddresses(time);
        _admission = new HandshakeAdmission(_known, new LoginPenalties(Options.Create(new TunnelingOptions()), time), UnheardMetrics.OfTunneling());
    }

    [Fact]
    public void AnySequence_PlacesAreTheModels()
    {
        int seed = Seed.Choose();
        int act = 0;
        try
        {
            var random = new Random(seed);
            int dropped = 0, most = 0;
            for (; act < Acts; act++)
            {
                // Waves: it fills up for a while, and empties for a while.
                if (random.Next(10) < (act / 3000 % 2 == 0 ? 8 : 3))
                    dropped += Enter(Addresses[random.Next(Addresses.Length)]) ? 1 : 0;
                else
                    Leave(random);
                if (random.Next(50) == 0)
                    LogInOrEnd(random);
                Assert.Equal(_places.Count, _admission.Count);
                most = Math.Max(most, _places.Count(place => place.IsStranger));
            }
            Assert.True(dropped > 100 && most > Tolerated * 2, $"Too little happened: {dropped} dropped, {most} at once.");
            _places.ForEach(place => place.Dispose());
            Assert.Equal(0, _admission.Count);
        }
        catch (Exception e)
        {
            throw new XunitException($"RABBIT_TEST_SEED={seed}, at act {act}: {e.Message}", e);
        }
    }

    // True when it cost another its place: the right one, which is out of the count from then on.
    private bool Enter(IPAddress address)
    {
        bool wasDropped = false;
        bool isStranger = !_logins.ContainsKey(VisitorNetwork.Of(address));
        HandshakeAdmission.Place place = _admission.TryEnter(address, () =>
        {
            Assert.False(wasDropped, "Two were dropped.");
            wasDropped = true;
        })!;
        Assert.Equal(isStranger, place.IsStranger);
        _places.Add(place);
        HandshakeAdmission.Place[] dropped = [.. _places.Where(other => other.IsDropped)];
        int strangers = _places.Count(other => other.IsStranger);
        if (strangers <= Tolerated || !isStranger)
            Assert.Empty(dropped);
        if (strangers > Most)
            Assert.NotEmpty(dropped);
        foreach (HandshakeAdmission.Place lost in dropped)
        {
            var byAddress = _places.Where(other => other.IsStranger).GroupBy(other => other.Address).ToList();
            int mostOfOne = byAddress.Max(group => group.Count());
            Assert.Same(byAddress.Where(group => group.Count() == mostOfOne).Select(group => group.First()).MinBy(first => first.Number), lost);
            _places.Remove(lost);
            _gone.Add(lost);
        }
        return dropped.Length > 0;
    }

    private void Leave(Random random)
    {
        if (_gone.Count > 0 && random.Next(4) == 0)
            _gone[random.Next(_gone.Count)].Dispose(); // Again, or after it was dropped.
        if (_places.Count == 0)
            return;
        HandshakeAdmission.Place place = _places[random.Next(_places.Count)];
        place.Dispose();
        _places.Remove(place);
        _gone.Add(place);
    }

    private void LogInOrEnd(Random random)
    {
        // Of the first half: the others stay strangers.
        IPAddress address = Addresses[random.Next(Addresses.Length / 2)];
        var network = VisitorNetwork.Of(address);
        if (!_logins.TryGetValue(network, out List<IDisposable>? sessions))
            _logins[network] = sessions = [];
        sessions.Add(_known.Add(address, $"token {random.Next(3)}"));
        // Ended, and once more; that its address stays known for a while is tested elsewhere.
        IDisposable ended = sessions[random.Next(sessions.Count)];
        ended.Dispose();
        ended.Dispose();
        Assert.True(_known.Contain(address));
    }
}
