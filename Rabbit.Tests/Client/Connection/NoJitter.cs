namespace Rabbit.Tests.Client.Connection;

/// <summary>Draws the same number always: 0 makes a client come back at once, 1 at the last moment.</summary>
internal sealed class NoJitter(double drawn) : Random
{
    public override double NextDouble() => drawn;
}
