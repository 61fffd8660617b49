using System.Text.Json;
using System.Text.Json.Serialization;
using Xunit;
using Xunit.Sdk;

namespace Rabbit.Tests.Support;

/// <summary>For state of other processes that gives no signal (a row, a descriptor): looks until it is so, or time is up.</summary>
internal static class Eventually
{
    private static readonly JsonSerializerOptions AsJson = new()
    {
        ReferenceHandler = ReferenceHandler.IgnoreCycles,
        Converters = { new JsonStringEnumConverter() },
    };

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <summary>Returns the first result that satisfies; fails with the last one otherwise.</summary>
    public static async Task<T> BecomesAsync<T>(Func<Task<T>> look, Func<T, bool> satisfies, TimeSpan timeout, string what)
    {
        long started = TimeProvider.System.GetTimestamp();
        using var timer = new PeriodicTimer(Interval);
        while (true)
        {
            T seen = await look();
            if (satisfies(seen))
                return seen;
            if (TimeProvider.System.GetElapsedTime(started) > timeout)
                throw new XunitException($"Within {timeout.TotalSeconds:0.#} s it did not come to this: {what}. Last seen: {Show(seen)}");
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }

    /// <inheritdoc cref="BecomesAsync{T}(Func{Task{T}}, Func{T, bool}, TimeSpan, string)"/>
    public static Task<T> BecomesAsync<T>(Func<T> look, Func<T, bool> satisfies, TimeSpan timeout, string what) =>
        BecomesAsync(() => Task.FromResult(look()), satisfies, timeout, what);

    private static string Show<T>(T value) => JsonSerializer.Serialize(value, AsJson);
}
