using System.Globalization;

namespace Rabbit.Tests.Support;

/// <summary>Seeds of property-based tests.</summary>
internal static class Seed
{
    /// <summary>RABBIT_TEST_SEED, with which a failure is repeated, or a new one.</summary>
    public static int Choose() => Environment.GetEnvironmentVariable("RABBIT_TEST_SEED") is { Length: > 0 } text
        ? int.Parse(text, CultureInfo.InvariantCulture)
        : Random.Shared.Next();
}
